"""Noise for figures, so that even somebody who knows all page views but one learns next to nothing of that one.

Discrete Laplace noise of OpenDP, drawn once for each figure when its day is closed, and stored in it: asking again
gives the same figure. A page view adds to at most FIGURES figures of a day, and changes each of them by at most one;
each figure's noise is as wide as it has to be for all of them together to be epsilon-differentially private (Dwork et
al., 2006, basic composition). Which figures are shown depends on the noise too: a figure is shown if it is large enough
both without its noise and with it, so that one page view which makes it large enough shows with a probability of DELTA.
"""

import math

from consent.core import extras
from consent.stats.suppression import K

# Views, page, hour, exit or flow of two pages (what went on from one leaves it); and of a visit: visits, entry, and one
# of each of its dimensions, campaigns and what is counted of banners.
FIGURES = 24
DELTA = 1e-6


class Noise:
    """Adds noise to the figures of a day. `epsilon` is what all figures together may tell of one page view."""

    def __init__(self, epsilon: float) -> None:
        """Raises NotInstalled if OpenDP is missing."""
        extras.require("noise")
        import opendp.prelude as dp  # here, because few sites want it, and it is large

        self.epsilon = epsilon
        scale = FIGURES / epsilon
        dp.enable_features("contrib")
        space = dp.atom_domain(T=int), dp.absolute_distance(T=int)
        self._add = space >> dp.m.then_laplace(scale=scale)
        # Beyond this a figure of K is shown with a probability of at most DELTA.
        self._least = K + math.ceil(scale * math.log(1 / (2 * DELTA)))

    def release(self, count: int) -> int | None:
        """The count with its noise; None if it may not be shown."""
        if count < K:
            return None
        noisy = int(self._add(count))
        return noisy if noisy >= self._least else None
