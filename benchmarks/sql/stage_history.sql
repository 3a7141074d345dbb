-- One row per stint of an opportunity in a stage.
CREATE TABLE marts.stage_history AS
WITH entries AS (
    SELECT opportunity_id, observation, observed_at, evidence, stage, stage_rank
    FROM observed
    WHERE stage IS NOT NULL
    QUALIFY stage IS DISTINCT FROM lag(stage) OVER (PARTITION BY opportunity_id ORDER BY observation)
),
stints AS (
    SELECT *, (row_number() OVER history)::INTEGER AS stint, lead(observed_at) OVER history AS exited_at,
           lag(stage) OVER history AS stage_before, lag(stage_rank) OVER history AS rank_before
    FROM entries
    WINDOW history AS (PARTITION BY opportunity_id ORDER BY observation)
)
SELECT opportunity_id, stint, stints.stage, stints.stage_rank, observed_at AS entered_at, exited_at,
       days_between(observed_at, exited_at) AS days_in_stage,
       CASE WHEN stint = 1 THEN 'entry'
            WHEN stints.stage = 'Closed Lost' THEN 'lost'
            WHEN stage_before IN ('Closed Lost', 'Launched') THEN 'reopen'
            WHEN stints.stage_rank < rank_before THEN 'regress'
            WHEN stints.stage_rank = rank_before + 1 THEN 'advance'
            ELSE 'skip' END AS movement,
       stint = 1 AND observed_at > created_at AS is_left_censored, evidence
FROM stints JOIN marts.opportunities USING (opportunity_id);
