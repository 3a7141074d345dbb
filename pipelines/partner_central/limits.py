"""What the extraction reckons with. Light to import: settings and status do."""

CALLS_PER_OPPORTUNITY = 2  # GetOpportunity, GetAwsOpportunitySummary
MAX_VANISHED_SHARE = 0.2  # more of what was in sight cannot be gone at once: the listing is not believed
