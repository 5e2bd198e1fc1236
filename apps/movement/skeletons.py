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

COCO_17 = Skeleton("COCO", ("nose", *_pairs("eye", "ear", *ARM, *LEG)))
OPENPOSE_18 = Skeleton("OpenPose COCO-18", (*COMMON.joints, "right eye", "left eye", "right ear", "left ear"))
BODY_25 = Skeleton(
    "OpenPose BODY_25",
    ("nose", "neck", *LIMBS[:6], "middle hip", *LIMBS[6:], "right eye", "left eye", "right ear", "left ear")
    + (*_side("left", "big toe", "small toe", "heel"), *_side("right", "big toe", "small toe", "heel")),
)
# MINI-RGBD names a joint after the segment that begins there (leftUpperArm is the shoulder); these are the anatomy.
SMIL_25 = Skeleton(
    "SMIL",
    ("pelvis", *_pairs("hip"), "spine", *_pairs("knee"), "spine 1", *_pairs("ankle"), "spine 2", *_pairs("foot"))
    + ("neck", *_pairs("collar"), "head", *_pairs(*ARM, "hand"), "nose"),
)

BY_COUNT = {len(s.joints): s for s in (COMMON, COCO_17, OPENPOSE_18, BODY_25)}
"""joint sets by their number of joints, where a file does not name its joints"""

BONES = tuple(
    (COMMON.joints.index(a), COMMON.joints.index(b))
    for a, b in [("nose", "neck"), ("left hip", "right hip")]
    + [("neck", f"{side} {joint}") for side in ("left", "right") for joint in ("shoulder", "hip")]
    + [(f"{side} {a}", f"{side} {b}") for side in ("left", "right") for a, b in ("shoulder elbow".split(),
       "elbow wrist".split(), "hip knee".split(), "knee ankle".split())]
)  # fmt: skip
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
