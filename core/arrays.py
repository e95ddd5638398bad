"""What most numbers outside a model are: NumPy arrays of float64."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
