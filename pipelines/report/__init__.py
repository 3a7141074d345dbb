"""The HTML report of the published warehouse: one file that needs no network and no script."""
