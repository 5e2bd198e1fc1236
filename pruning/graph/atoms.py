"""Which positions of which tensors are the same channel: a union of equals, and what may not be removed, and why."""

import numpy as np

CONSTANT = 0
"""The atom of positions that belong to no weight: padding, constants. It is never removed."""


class Atoms:
    """Sets of positions that can only be removed together; each position on an axis of a tensor has an atom.

    Sets grow by `join`. A set that is fixed cannot be removed: with a reason, which is for the user to read, or without
    one where nobody would expect it (inputs and outputs of the network).
    """

    def __init__(self) -> None:
        self._parent = np.zeros(1 << 12, dtype=np.int64)
        self._count = 1
        self._fixed: dict[int, str | None] = {CONSTANT: None}
        self._constants_leave = False

    def new(self, count: int) -> np.ndarray:
        """So many atoms, each a set of its own: (count,) int64."""
        start, self._count = self._count, self._count + count
        while self._count > len(self._parent):
            self._parent = np.concatenate([self._parent, np.zeros_like(self._parent)])
        atoms = np.arange(start, self._count)
        self._parent[start : self._count] = atoms
        return atoms

    def find(self, atoms: np.ndarray) -> np.ndarray:
        """The name of each atom's set, an array of the same shape."""
        roots = self._parent[atoms]
        while not np.array_equal(above := self._parent[roots], roots):
            roots = above
        self._parent[atoms] = roots
        return roots

    def join(self, some: np.ndarray, others: np.ndarray) -> None:
        """Unite sets pairwise; the arrays can be broadcast against each other."""
        some, others = np.broadcast_arrays(self.find(some), self.find(others))
        differ = some != others
        pairs = np.unique(np.stack([some[differ], others[differ]], 1), axis=0)
        for one, other in pairs.tolist():
            self._unite(self._root(one), self._root(other))

    def fix(self, atoms: np.ndarray, why: str | None = None) -> None:
        """Say that these are never removed; a reason does not replace another, nor silence."""
        for root in np.unique(self.find(atoms)).tolist():
            self._fixed.setdefault(root, why)

    def silence(self, atoms: np.ndarray) -> None:
        """Fix these without a reason, whatever else stands in the way of their removal."""
        for root in np.unique(self.find(atoms)).tolist():
            self._fixed[root] = None
            self._constants_leave |= root == CONSTANT

    def is_fixed(self, atoms: np.ndarray) -> np.ndarray:
        """Booleans of the same shape."""
        roots, back = np.unique(self.find(atoms), return_inverse=True)
        return np.array([root in self._fixed for root in roots.tolist()], dtype=bool)[back].reshape(atoms.shape)

    def are_constants(self, atoms: np.ndarray) -> bool:
        """Whether all of these are fixed by constants alone, and not by inputs or outputs of the network."""
        return not self._constants_leave and not self.find(atoms).any()

    def reason(self, atoms: np.ndarray) -> str | None:
        """The first reason among these atoms, None if there is none."""
        for root in dict.fromkeys(self.find(atoms).ravel().tolist()):
            if (why := self._fixed.get(root)) is not None:
                return why
        return None

    def _root(self, atom: int) -> int:
        while (above := int(self._parent[atom])) != atom:
            atom = above
        return atom

    def _unite(self, one: int, other: int) -> None:
        if one == other:
            return
        low, high = min(one, other), max(one, other)
        self._parent[high] = low
        if high in self._fixed:
            why = self._fixed.pop(high)
            self._constants_leave |= low == CONSTANT and why is None
            silent = low in self._fixed and self._fixed[low] is None
            self._fixed[low] = None if silent or why is None else self._fixed.get(low, why)
