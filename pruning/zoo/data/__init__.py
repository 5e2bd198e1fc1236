"""Classification tasks for pruning experiments.

splits = data.cluttered_digits()                        # no download; needs scikit-learn
splits = data.cifar("cifar10", "folder")                # through torchvision
for pictures, labels in data.batches(splits.train, shuffle=True): ...
"""

from pruning.zoo.data.folders import cifar, image_folder
from pruning.zoo.data.handwritten import cluttered_digits, digits
from pruning.zoo.data.splits import Batches, Splits, batches

__all__ = ["Batches", "Splits", "batches", "cifar", "cluttered_digits", "digits", "image_folder"]
