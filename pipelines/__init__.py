"""The outside world, in the order of the flow: AWS, landing, staging, warehouse, command."""

import os

# dlt reads these once, when it is first imported.
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")  # what fails is told in one line of our own
