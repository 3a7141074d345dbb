"""The life of one deal: created, reviewed, moved through stages, edited, won or lost, sometimes reopened."""

from typing import Any

from pipelines.sandbox.demo import edits, words
from pipelines.sandbox.demo.aws_side import aws_summary, stage_changes
from pipelines.sandbox.demo.deal import Deal
from pipelines.sandbox.demo.dice import NANOSECONDS_PER_DAY
from pipelines.sandbox.events import (
    AWS_VIEW,
    OPPORTUNITY_VIEW,
    Changed,
    Changes,
    Created,
    Engaged,
    Engagement,
    Event,
    Snapshotted,
)
from pipelines.sandbox.instants import NANOSECONDS_PER_SECOND
from pipelines.sandbox.store import PARTNER_ACCOUNT
from pipelines.sandbox.validation import service_model
from pipelines.sandbox.wire import Record

LADDER = ["Prospect", "Qualified", "Technical Validation", "Business Validation", "Committed", "Launched"]
STAY_DAYS = [18, 28, 38, 36, 42]  # median, by rung
LOST_SHARES = [0.2, 0.17, 0.14, 0.14, 0.05]
EDIT_EVERY_DAYS = 60
SKIP_SHARE, REGRESS_SHARE = 0.1, 0.07
REOPEN_SHARES = {"Launched": 0.06, "Closed Lost": 0.1}
REOPENED_STAGES = {"Launched": "Committed", "Closed Lost": "Qualified"}
HORIZON_DAYS = 1500  # an older deal rests
REFERRAL_SHARE, REJECTED_SHARE, ACTION_REQUIRED_SHARE = 0.2, 0.04, 0.12
ENGAGED_SHARE, AWS_SNAPSHOT_SHARE = 0.65, 0.17
DIGITS = {3: 50, 6: 18, 0: 8, 9: 6, 1: 3, 2: 3, 4: 3, 5: 3, 7: 3, 8: 3}
SYNC_SHARE = 0.08  # a CRM writes the changes of its day at one instant of the night
SYNC_TIME = 2 * 3600 * NANOSECONDS_PER_SECOND
ENGAGEMENT_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Life:
    """Tell the events of one deal. `now` is the instant that the story has reached, in nanoseconds."""

    def __init__(self, deal: Deal, record: Record, catalog: str, created_at: int) -> None:
        self.deal, self.dice, self.catalog = deal, deal.dice, catalog
        self.created_at = self.now = created_at
        self.events: list[Event] = [Created(created_at, deal.opportunity_id, record)]
        self.engagement_id: str | None = None
        self.templates = [OPPORTUNITY_VIEW]
        self.is_known_to_aws = False

    def tell(self) -> list[Event]:
        """All events, in the order of their instants."""
        if self.dice.chance(REFERRAL_SHARE):
            self._accept_referral()
        while self.now < self.created_at + HORIZON_DAYS * NANOSECONDS_PER_DAY:
            if not self.is_known_to_aws and self.deal.stage != "Prospect" and not self._is_approved():
                break
            self._stay()
            self._move(self._next_stage())
            if self.deal.stage in REOPEN_SHARES:
                if not self.dice.chance(REOPEN_SHARES[self.deal.stage]):
                    break
                self.now += self.dice.days(10, 100)
                self._move(REOPENED_STAGES[self.deal.stage])
        return sorted(self.events, key=lambda event: event.at)

    def tell_with_foreign_stage(self, stage: str) -> list[Event]:
        """The same for a deal that soon stands in a stage that AWS's model does not know, and stays there."""
        if self.dice.chance(0.5):
            self._accept_referral()
        self._stay()
        self._change({("LifeCycle", "Stage"): stage})
        self._take_snapshots()
        return sorted(self.events, key=lambda event: event.at)

    def _change(self, changes: Changes, aws_changes: Changes | None = None, summary: Record | None = None) -> None:
        """A version at `now`, or a little later: versions of a deal never share an instant."""
        digits = self.dice.weighted(DIGITS)
        if self.dice.chance(SYNC_SHARE):
            self.now = (self.now // NANOSECONDS_PER_DAY + 1) * NANOSECONDS_PER_DAY + SYNC_TIME
            digits = 0
        at = self.now // 10 ** (9 - digits) * 10 ** (9 - digits)
        if at <= self.events[-1].at:
            at = self.now = (self.events[-1].at // NANOSECONDS_PER_SECOND + 60) * NANOSECONDS_PER_SECOND
        self.events.append(Changed(at, self.deal.opportunity_id, changes, digits, summary, aws_changes or {}))

    def _accept_referral(self) -> None:
        """AWS brought the deal: approved from the start."""
        self.now += self.dice.days(0.01, 0.3)
        self._change({("LifeCycle", "ReviewStatus"): "Approved"}, summary=self._summary("AWS Referral"))
        self._engage()

    def _is_approved(self) -> bool:
        """Submission and review. A rejected deal is never changed again."""
        self.now += self.dice.days(0.2, 6)
        self._change({("LifeCycle", "ReviewStatus"): "Submitted"}, summary=self._summary("Partner Referral"))
        self._engage()
        if self.dice.chance(0.5):
            self.now += self.dice.days(0.1, 2)
            self._change({("LifeCycle", "ReviewStatus"): "In review"})
        self.now += self.dice.days(0.2, 3)
        remarks: Changes = {
            ("LifeCycle", "ReviewStatusReason"): self.dice.pick(words.REVIEW_REASONS),
            ("LifeCycle", "ReviewComments"): "Please complete the record.",
        }
        if self.dice.chance(REJECTED_SHARE):
            self._change(remarks | {("LifeCycle", "ReviewStatus"): "Rejected"})
            return False
        approval: Changes = {("LifeCycle", "ReviewStatus"): "Approved"}
        if self.dice.chance(ACTION_REQUIRED_SHARE):
            self._change(remarks | {("LifeCycle", "ReviewStatus"): "Action Required"})
            self.now += self.dice.days(1, 20)
            approval |= dict.fromkeys(remarks)
        self._change(approval, stage_changes(self.deal))
        return True

    def _summary(self, origin: str) -> Record:
        self.is_known_to_aws = True
        return aws_summary(self.deal, self.catalog, origin)

    def _engage(self) -> None:
        """Most submitted deals get an engagement, whose first snapshot is taken within minutes."""
        if not self.dice.chance(ENGAGED_SHARE):
            return
        self.now += self.dice.days(0.1, 2)
        self.engagement_id = "eng-" + "".join(self.dice.pick(ENGAGEMENT_ALPHABET) for _ in range(14))
        title = f"Co-sell {self.deal.opportunity_id}"
        engagement = Engagement(self.engagement_id, self.deal.opportunity_id, title, self.now, PARTNER_ACCOUNT)
        self.events.append(Engaged(self.now, engagement))
        if self.dice.chance(AWS_SNAPSHOT_SHARE):
            self.templates.append(AWS_VIEW)
        self._take_snapshots()

    def _take_snapshots(self) -> None:
        if self.engagement_id is None:
            return
        for template in self.templates:
            self.now += self.dice.whole(1, 600) * NANOSECONDS_PER_SECOND + self.dice.whole(0, 999_999_999)
            digits = self.dice.weighted(DIGITS)
            taken = Snapshotted(self.now, self.engagement_id, self.deal.opportunity_id, template, digits)
            self.events.append(taken)

    def _stay(self) -> None:
        """Time passes in a stage, with an edit now and then."""
        stay = int(self.dice.around(STAY_DAYS[LADDER.index(self.deal.stage)], 0.7) * NANOSECONDS_PER_DAY)
        number = int(stay / (EDIT_EVERY_DAYS * NANOSECONDS_PER_DAY) + self.dice.random())
        end = self.now + stay
        for instant in sorted(self.now + int(stay * self.dice.random()) for _ in range(number)):
            self.now = max(self.now, instant)
            self._change(edits.edit(self.deal, self.now))
        self.now = max(self.now, end)

    def _next_stage(self) -> str:
        rung = LADDER.index(self.deal.stage)
        if self.dice.chance(LOST_SHARES[rung]):
            return "Closed Lost"
        if rung > 0 and self.dice.chance(REGRESS_SHARE):
            return LADDER[rung - 1]
        return LADDER[min(rung + (2 if self.dice.chance(SKIP_SHARE) else 1), len(LADDER) - 1)]

    def _move(self, stage: str) -> None:
        """The deal enters a stage, and what usually changes with it changes."""
        was_lost = self.deal.stage == "Closed Lost"
        self.deal.stage = stage
        changes: dict[tuple[str, ...], Any] = {("LifeCycle", "Stage"): stage}
        if was_lost:
            changes["LifeCycle", "ClosedLostReason"] = None
        if stage == "Closed Lost" and self.dice.chance(0.92):
            reasons = service_model().shape_for("ClosedLostReason").enum
            changes["LifeCycle", "ClosedLostReason"] = self.dice.pick(reasons)
        changes |= edits.with_the_stage(self.deal, self.now)
        self._change(changes, stage_changes(self.deal) if self.is_known_to_aws else None)
        self._take_snapshots()
