"""The error family: what a user or AWS got wrong, each with its exit code and the next step."""


class CosellError(Exception):
    """A failure that the person at the terminal can mend: one line that names the next step, and an exit code."""

    exit_code = 2


class ConfigurationError(CosellError):
    """Bad usage, settings, files or directories."""


class QualityGateError(CosellError):
    """The quality gate held the publication."""

    exit_code = 3


class AwsError(CosellError):
    """AWS could not be reached, or refused: credentials, permissions, quota."""

    exit_code = 4


class LockedError(CosellError):
    """Another run holds the lock of the data directory."""

    exit_code = 5


class OutdatedError(CosellError):
    """What is published is older than it may be, or nothing is."""

    exit_code = 6


class Interrupted(BaseException):
    """SIGINT or SIGTERM ended the run. Not an Exception, so that nothing on the way takes it for a failure."""

    def __init__(self, signal_number: int) -> None:
        super().__init__("stopped by a signal: what is published is whole; run again to go on")
        self.exit_code = 128 + signal_number  # the shell's convention
