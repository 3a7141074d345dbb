"""The report's figures stated a second time, in SQL of our own: from the deals, their stints and their observations
where the report reads what was rolled up from them. The first columns are the key of a row."""

MONTH = "(SELECT date_trunc('month', max(as_of))::DATE FROM ops.runs)"
OPEN_STAGES = "['Prospect', 'Qualified', 'Technical Validation', 'Business Validation', 'Committed']"
DECISIONS = """
    SELECT date_trunc('month', stands.entered_at)::DATE AS month, deal.is_won, deal.aws_mrr_reporting AS mrr,
           epoch(stands.entered_at - deal.created_at) / 86400 AS days
    FROM marts.opportunities AS deal JOIN marts.stage_history AS stands USING (opportunity_id)
    WHERE stands.exited_at IS NULL AND NOT deal.is_open
"""
HEADLINES = f"""
WITH decisions AS ({DECISIONS}),
won AS (SELECT count(*) AS deals, coalesce(sum(mrr), 0) AS mrr FROM decisions WHERE is_won AND month = {MONTH}),
decided AS (SELECT median(days) AS days, avg(is_won::INT) AS won FROM decisions WHERE month = {MONTH})
SELECT count(*) AS open_deals, if(count(*) = 0, 0, sum(aws_mrr_reporting)) AS open_aws_mrr,
       if(count(*) = 0, 0, sum(deal_tcv_reporting)) AS open_deal_tcv,
       (SELECT deals FROM won) AS won_this_month, (SELECT mrr FROM won) AS won_mrr_this_month,
       (SELECT won FROM decided) AS win_rate, (SELECT days FROM decided) AS median_cycle_days,
       count(contract_months) AS open_with_duration, (SELECT count(*) FROM marts.hygiene) AS hygiene_findings,
       (SELECT count(DISTINCT opportunity_id) FROM quality.quarantine WHERE action = 'excluded') AS excluded,
       (SELECT count(*) FROM quality.quarantine WHERE action = 'nulled') AS nulled
FROM marts.opportunities WHERE is_open
"""
FUNNEL = f"""
WITH ranks AS (SELECT stage, row_number() OVER () AS rank FROM (SELECT unnest({OPEN_STAGES} || ['Launched']) AS stage)),
stints AS (
    SELECT stage, median(days_in_stage) AS days FROM marts.stage_history
    WHERE NOT is_left_censored AND exited_at IS NOT NULL GROUP BY ALL
),
reached AS (
    SELECT ranks.stage, rank, count(opportunity_id) AS reached, sum(aws_mrr_reporting) AS mrr,
           count(*) FILTER (furthest_stage_rank > rank) AS advanced,
           count(*) FILTER (furthest_stage_rank = rank AND is_lost) AS lost
    FROM ranks LEFT JOIN marts.opportunities ON furthest_stage_rank >= rank GROUP BY ALL
)
SELECT stage, reached, advanced, reached - advanced - lost AS open, lost,
       if(rank < 6 AND reached > 0, advanced / reached, NULL) AS conversion_to_next,
       reached / max(reached) OVER () AS conversion_from_first, days AS median_days_in_stage,
       if(reached = 0, 0, mrr) AS reached_mrr
FROM reached LEFT JOIN stints USING (stage) WHERE EXISTS (FROM marts.opportunities)
"""
WATERFALL = f"FROM marts.pipeline_waterfall WHERE month >= {MONTH} - INTERVAL 11 MONTH"
MONTH_ENDS = f"""
WITH months AS (
    SELECT unnest(range(date_trunc('month', least(min(created_at), min(observed_at)))::DATE,
                        {MONTH} + INTERVAL 1 MONTH, INTERVAL 1 MONTH))::DATE AS month
    FROM marts.opportunities JOIN marts.observations USING (opportunity_id)
),
states AS (
    SELECT month, unnest(arg_max({{stage: stage, mrr: aws_mrr_reporting, tcv: deal_tcv_reporting}}, observation))
    FROM months JOIN marts.observations ON observed_at < month + INTERVAL 1 MONTH GROUP BY month, opportunity_id
),
cells AS (SELECT month, stage FROM months, (SELECT unnest({OPEN_STAGES}) AS stage))
"""
PIPELINE_STAGES = f"""{MONTH_ENDS}
SELECT cells.month, cells.stage, if(count(states.month) = 0, 0, sum(mrr)) AS aws_mrr
FROM cells LEFT JOIN states USING (month, stage) WHERE month >= {MONTH} - INTERVAL 23 MONTH GROUP BY ALL
"""
PIPELINE = f"""{MONTH_ENDS}
SELECT months.month, coalesce(sum(mrr), 0) AS open_aws_mrr, count(states.month) AS open_deals
FROM months LEFT JOIN (FROM states SEMI JOIN cells USING (stage)) AS states USING (month)
WHERE month >= {MONTH} - INTERVAL 23 MONTH GROUP BY ALL
"""
PIPELINE_THEN = f"""{MONTH_ENDS}
SELECT count(*) AS open_deals, sum(mrr) AS open_aws_mrr, sum(tcv) AS open_deal_tcv
FROM states SEMI JOIN cells USING (stage) WHERE month = {MONTH} - INTERVAL 1 MONTH
"""
"""The open pipeline at the end of last month."""
OUTCOMES = f"""
SELECT month, count_if(is_won) AS won, count_if(NOT is_won) AS lost, avg(is_won::INT) AS win_rate,
       if(won = 0, 0, sum(mrr) FILTER (is_won)) AS won_mrr, if(lost = 0, 0, sum(mrr) FILTER (NOT is_won)) AS lost_mrr,
       median(days) AS median_cycle_days
FROM ({DECISIONS}) WHERE month >= {MONTH} - INTERVAL 23 MONTH GROUP BY ALL
"""
ATTRIBUTION = """
WITH credit AS (
    PIVOT (FROM marts.attribution WHERE dimension IN ('solution', 'channel', 'campaign')) ON outcome
    IN ('won', 'open', 'lost') USING sum(opportunities) AS deals, sum(aws_mrr) AS mrr GROUP BY model, dimension, value
),
lines AS (
    SELECT *, row_number() OVER (
        PARTITION BY model, dimension ORDER BY coalesce(won_mrr, 0) + coalesce(open_mrr, 0) DESC, value
    ) AS line FROM credit
)
SELECT model, dimension, if(line <= 25, value, '(all others)') AS value, sum(COLUMNS('_(deals|mrr)$'))
FROM lines GROUP BY ALL
"""
HYGIENE = """
SELECT rule, count(*) AS deals, sum(aws_mrr_reporting) AS aws_mrr
FROM marts.hygiene LEFT JOIN marts.opportunities USING (opportunity_id) GROUP BY ALL
"""
LARGEST = """
SELECT rule, unnest(list({opportunity_id: opportunity_id, aws_mrr: aws_mrr_reporting}
                         ORDER BY aws_mrr_reporting DESC NULLS LAST, opportunity_id)[:5], recursive := true)
FROM marts.hygiene JOIN marts.opportunities USING (opportunity_id) GROUP BY rule
"""
TCV = """
WITH open_deals AS (FROM marts.opportunities WHERE is_open),
counted AS (SELECT stage, * EXCLUDE stage FROM open_deals UNION ALL SELECT 'All open', * EXCLUDE stage FROM open_deals)
SELECT stage, count(*) AS deals, count(contract_months) AS with_duration, count(deal_tcv) AS with_deal_tcv,
       count(contract_months + deal_tcv) AS with_deal_mrr, count(deal_mrr_reporting + aws_mrr_reporting) AS comparable,
       sum(deal_mrr_reporting) FILTER (aws_mrr_reporting IS NOT NULL) AS deal_mrr,
       sum(aws_mrr_reporting) FILTER (deal_mrr_reporting IS NOT NULL) AS aws_mrr
FROM counted GROUP BY ALL
"""
CHECKED = """
SELECT suite, count(*) AS rules, count_if(NOT success) AS broken FROM quality.results
WHERE suite <> 'drift' GROUP BY ALL
"""
BROKEN = """
SELECT target, coalesce(column_name, '') AS column_name, expectation, evaluated, unexpected
FROM quality.results WHERE suite <> 'drift' AND NOT success
"""
RATES = "SELECT currency_code, per_base FROM ops.fx_rates"
STATEMENTS = [
    ("", 0, HEADLINES),
    ("funnel.", 1, FUNNEL),
    ("waterfall.", 2, WATERFALL),
    ("pipeline.", 2, PIPELINE_STAGES),
    ("pipeline.", 1, PIPELINE),
    ("outcomes.", 1, OUTCOMES),
    ("attribution.", 3, ATTRIBUTION),
    ("hygiene.", 1, HYGIENE),
    ("hygiene.", 2, LARGEST),
    ("tcv.", 1, TCV),
    ("quality.", 1, CHECKED),
    ("quality.", 3, BROKEN),
    ("quality.", 1, RATES),
]
"""Each statement: what its figures' names begin with, and how many columns are their key."""
