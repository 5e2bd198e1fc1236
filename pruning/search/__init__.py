"""Searching for the channels to keep by gradient descent (DAIS)."""

from pruning.search.dais import Dais, Options, search
from pruning.search.indicators import Indicators

__all__ = ["Dais", "Indicators", "Options", "search"]
