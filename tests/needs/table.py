"""Every scenario, by the row that it plays."""

from tests.needs.authorizing import AUTHORIZING
from tests.needs.beyond import BEYOND
from tests.needs.machines import MACHINES
from tests.needs.tokens import TOKENS

SCENARIOS = {each.need: each for each in (*AUTHORIZING, *TOKENS, *BEYOND, *MACHINES)}
