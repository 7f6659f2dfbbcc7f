"""The releases of Lync Server and Skype for Business Server that the lab has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LyncRelease:
    """``product`` and ``version`` are spelled as an estate file has them; ``build`` is the version of its binaries."""

    product: str
    version: str
    build: str

    @property
    def brand(self) -> str:
        """How the product's services and objects are named."""
        return "Lync Server" if self.product == "lync" else "Skype for Business Server"


LYNC_SERVER_2013 = LyncRelease("lync", "2013", "5.0.8308.0")
SFB_2015 = LyncRelease("skype-for-business", "2015", "6.0.9319.0")
SFB_2019 = LyncRelease("skype-for-business", "2019", "7.0.2046.0")
SFB_SE = LyncRelease("skype-for-business", "se", "7.0.2046.524")
"""Builds: Microsoft's lists of updates; the Subscription Edition's revision is *assumed*."""
