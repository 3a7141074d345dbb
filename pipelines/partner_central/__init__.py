"""AWS Partner Central: the client, and the dlt source `partner_central` in `source`."""
