"""Joint sets of the file formats, and the common set of 14 joints that everything is brought to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Skeleton:
    """A joint set.

    Attributes:
        name: of the set.
        joints: anatomical names; 'left' and 'right' are the infant's own.
    """

    name: str
    joints: tuple[str, ...]

    @property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the index of its counterpart on the other side of the body; itself where there is none."""
        return tuple(self.joints.index(_other_side(joint)) for joint in self.joints)


def _other_side(joint: str) -> str:
    side, _, rest = joint.partition(" ")
    return {"left": f"right {rest}", "right": f"left {rest}"}.get(side, joint)


def _pairs(*names: str) -> tuple[str, ...]:
    return tuple(f"{side} {name}" for name in names for side in ("left", "right"))


def _side(side: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{side} {name}" for name in names)


ARM, LEG = ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")
LIMBS = (*_side("right", *ARM), *_side("left", *ARM), *_side("right", *LEG), *_side("left", *LEG))

COMMON = Skeleton("common 14", ("nose", "neck", *LIMBS))
"""the first 14 joints of OpenPose's COCO set"""

TOES = tuple(f"{side} {part}" for side in ("left", "right") for part in ("big toe", "small toe", "heel"))
COCO_17 = Skeleton("COCO", ("nose", *_pairs("eye", "ear", *ARM, *LEG)))
OPENPOSE_18 = Skeleton("OpenPose COCO-18", (*COMMON.joints, "right eye", "left eye", "right ear", "left ear"))
BODY_25 = Skeleton(
    "OpenPose BODY_25",
    (*COMMON.joints[:8], "middle hip", *COMMON.joints[8:], "right eye", "left eye", "right ear", "left ear", *TOES),
)
# MINI-RGBD names a joint after the segment that begins there (leftUpperArm is the shoulder); these are the anatomy.
SMIL_25 = Skeleton(
    "SMIL",
    (
        *("pelvis", *_pairs("hip"), "spine", *_pairs("knee"), "spine 1", *_pairs("ankle"), "spine 2"),
        *(*_pairs("foot"), "neck", *_pairs("collar"), "head", *_pairs(*ARM, "hand"), "nose"),
    ),
)

BY_COUNT = {len(s.joints): s for s in (COMMON, COCO_17, OPENPOSE_18, BODY_25)}
"""joint sets by their number of joints, where a file does not name its joints"""

_LIMB_BONES = [("neck", "shoulder"), ("shoulder", "elbow"), ("elbow", "wrist")]
_LIMB_BONES += [("neck", "hip"), ("hip", "knee"), ("knee", "ankle")]


def _index(name: str, side: str) -> int:
    return COMMON.joints.index(name if name == "neck" else f"{side} {name}")


BONES = (
    (COMMON.joints.index("nose"), COMMON.joints.index("neck")),
    (COMMON.joints.index("right hip"), COMMON.joints.index("left hip")),
    *((_index(a, side), _index(b, side)) for side in ("left", "right") for a, b in _LIMB_BONES),
)
"""lines between joints of the common set, for drawing"""

NECK = COMMON.joints.index("neck")
HIPS = COMMON.joints.index("right hip"), COMMON.joints.index("left hip")

ALIASES = {"hand": "wrist", "foot": "ankle", "head": "nose"}
"""other files' words for the common joints"""


def joint_named(text: str) -> str | None:
    """The common joint that a column name means ('Left_Hand' -> 'left wrist'), None if it means none."""
    words = [ALIASES.get(word, word) for word in text.strip().lower().replace("_", " ").split()]
    name = " ".join(words)
    return name if name in COMMON.joints else None
