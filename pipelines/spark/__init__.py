"""The steps per opportunity on Spark: each hash bucket of opportunities on one Python worker, all put together here."""
