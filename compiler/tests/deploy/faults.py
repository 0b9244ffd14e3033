"""What goes wrong between a client and a workspace, at a request of one's choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "slow", "429", "503", "500", "500 afterwards", "502", "drop", "drop afterwards", "timeout", "forbidden", "gone"
]

KINDS: tuple[Kind, ...] = (
    "slow",  # the answer takes its time
    "429",  # too many requests, and when to come again
    "503",  # not now
    "500",  # a failure before anything was done
    "500 afterwards",  # a failure after all was done
    "502",  # a gateway's page instead of an answer
    "drop",  # the connection breaks before anything was done
    "drop afterwards",  # the connection breaks after all was done
    "timeout",  # all is done, and the answer comes too late
    "forbidden",  # a permission was taken away for this one request
    "gone",  # nothing answers from here on
)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, at the request of a number that counts from 1."""

    kind: Kind
    at: int

    def strikes(self, number: int) -> bool:
        return number >= self.at if self.kind == "gone" else number == self.at
