"""Some bands of the features in the cache: of a pretrained encoder's layers, or of a vector's statistics, those that a space has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from registry.feature_space import FeatureSpace

if TYPE_CHECKING:
    import numpy as np

KEPT = 16  # of a process
_kept: dict[tuple[int, bytes], SelectedBands] = {}


class SelectedBands:
    """An array (clips, frames, bands) of which only some bands are seen; a clip is copied when it is taken, and no other.

    Args: array: of all bands. columns: those that are seen, in their order.
    """

    def __init__(self, array: np.ndarray, columns: np.ndarray) -> None:
        self.array, self.columns = array, columns
        self.shape, self.dtype = (*array.shape[:2], len(columns)), array.dtype

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, clips: Any) -> np.ndarray:
        """As NumPy's, along the clips; or along all axes at once."""
        if isinstance(clips, tuple):
            return self[clips[0]][(slice(None), *clips[1:])]
        return self.array[clips][..., self.columns]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[clip] for clip in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        import numpy as np

        return np.asarray(self[:], dtype)


def selected(array: np.ndarray, space: FeatureSpace) -> np.ndarray:
    """The bands of a space in an array of its `stored` space, (clips, frames, bands): the array itself where it has them all.

    Equal ones are one object, by which statistics of training clips are kept.
    """
    columns = space.columns()
    if columns is None:
        return array
    key = (id(array), columns.tobytes())
    if key not in _kept:
        while len(_kept) >= KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[key] = SelectedBands(array, columns)
    return cast("np.ndarray", _kept[key])
