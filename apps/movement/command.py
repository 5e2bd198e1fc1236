"""`artnet movement`: learn from labelled joint tracks of infants, predict, and show the joints an answer rests on."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.common.arguments import whole_number
from apps.common.extras import need
from apps.common.options import options_of
from apps.movement import NOTICE

if TYPE_CHECKING:
    import numpy as np

    from apps.movement.models import Ensemble

EPILOG = f"""\
{NOTICE}

Joint tracks are MINI-RGBD folders, folders of OpenPose JSON (BODY_25, COCO-18), COCO keypoint JSON, CSV, or NPY.
All are brought to 14 joints (nose, neck, shoulders, elbows, wrists, hips, knees, ankles), cleaned, centred between the
hips, turned upright and scaled by the trunk. DATA is a folder with labels.csv: sequence,label[,subject]; label 0 is
normal and 1 abnormal, a sequence is the name of a joint file or folder beside it.

examples:
  artnet movement train tracks/ -o runs/movement
  artnet movement predict infant.csv --model runs/movement/movement.safetensors
  artnet movement explain infant.csv -o infant/ --model runs/movement/movement.safetensors

needs torch, matplotlib and SciPy: pip install 'artnet[movement]'
"""


@dataclass(frozen=True)
class TrainRun:
    """A folder and how to train on it; `clip` is in frames, `posture` says whether to look at positions too."""

    data: Path
    output: Path
    seeds: int
    epochs: int
    inner_split: bool
    clip: int
    posture: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description, parser.epilog = __doc__, EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    raw = argparse.RawDescriptionHelpFormatter
    train = actions.add_parser("train", help="leave one subject out, report, train", epilog=NOTICE, formatter_class=raw)
    train.add_argument("data", type=Path, help="folder with labels.csv and the joint tracks")
    train.add_argument("-o", "--output", type=Path, required=True, help="folder for the results and the networks")
    train.add_argument("--seeds", type=whole_number(1, 1000), default=10, help="networks of each kind (default: 10)")
    train.add_argument("--epochs", type=whole_number(1, 10000), default=20, help="passes over the clips (default: 20)")
    train.add_argument("--inner-split", action="store_true", help="choose the epochs, at most --epochs, in each fold")
    train.add_argument("--clip", type=whole_number(16, 10000), default=100, help="frames of a clip (default: 100)")
    train.add_argument("--posture", action="store_true", help="also use where the joints are, not only how they move")
    predict = actions.add_parser("predict", help="probability of atypical movement", epilog=NOTICE)
    explain = actions.add_parser("explain", help="pictures of the joints that the answer rests on", epilog=NOTICE)
    for action in (predict, explain):
        action.add_argument("file", type=Path, help="joint tracks of one video")
        action.add_argument("--model", type=Path, required=True, help="movement.safetensors from train")
    predict.add_argument("--json", action="store_true", help="print the result as one JSON object")
    explain.add_argument("-o", "--output", type=Path, required=True, help="folder for the pictures and the JSON")


def run(args: argparse.Namespace) -> int:
    """Train, predict or explain."""
    need("movement", "torch", "matplotlib", "scipy")
    if args.action == "train":
        return run_train(options_of(TrainRun, vars(args)))
    if args.action == "predict":
        return run_predict(args.file, args.model, as_json=args.json)
    return run_explain(args.file, args.model, args.output)


def run_train(run: TrainRun) -> int:
    """Validate with and without attention, report, then train on everything."""
    from dataclasses import asdict, replace

    from tqdm import tqdm

    from apps.movement.dataset import read_dataset
    from apps.movement.models import Ensemble, save_ensemble
    from apps.movement.reports import validation_result, validation_text, write_json, write_text
    from apps.movement.training import TrainingOptions, cross_validate, make_clips, train_on

    options = TrainingOptions(run.clip, run.epochs, run.inner_split, posture=run.posture)
    examples = read_dataset(run.data)
    data = make_clips(examples, options)
    run.output.mkdir(parents=True, exist_ok=True)
    seeds = range(run.seeds)
    total = run.seeds * (2 * len(set(data.subjects)) + 1)
    with tqdm(total=total, disable=None, unit="network") as bar:
        attention = cross_validate(data, seeds, options, bar.update)
        control = cross_validate(data, seeds, replace(options, attention=False), bar.update)
        networks = []
        for seed in seeds:
            networks.append(train_on(data, data.of([], inside=False), seed, options))
            bar.update()
    result = validation_result(examples, attention, control)
    write_json({"options": asdict(options), "seeds": run.seeds, **result}, run.output / "results.json")
    text = validation_text(result, run.seeds)
    write_text(text, run.output / "results.txt")
    save_ensemble(Ensemble(tuple(networks), options.clip, options.cleaning), run.output / "movement.safetensors")
    print(text)
    print(f"written: results.json, results.txt and movement.safetensors in {run.output}", file=sys.stderr)
    return 0


def _load(file: Path, model: Path) -> "tuple[Ensemble, np.ndarray, list[int], Any]":
    """Networks, prepared tracks, first frames of the clips, and the clips."""
    from apps.movement.cleaning import prepare
    from apps.movement.clips import clip_starts, cut_clips
    from apps.movement.models import load_ensemble
    from apps.movement.readers import read_recording

    ensemble = load_ensemble(model)
    recording = read_recording(file)
    wanted = ensemble.networks[0].config.dimensions
    if recording.dimensions != wanted:
        raise ValueError(f"{file} is {recording.dimensions}-D, but {model} was trained on {wanted}-D tracks")
    tracks = prepare(recording, ensemble.cleaning)
    clips = cut_clips(tracks, ensemble.clip, recording.source)
    return ensemble, tracks, clip_starts(len(tracks), ensemble.clip), clips


def run_predict(file: Path, model: Path, *, as_json: bool) -> int:
    """Print the probabilities."""
    import json

    import numpy as np

    from apps.movement.reports import prediction_result, prediction_text
    from apps.movement.training import probabilities

    ensemble, _, starts, clips = _load(file, model)
    scores = np.stack([probabilities(network, clips)[0].numpy() for network in ensemble.networks])
    result = prediction_result(str(file), scores, starts, ensemble.clip)
    print(json.dumps({"notice": NOTICE, **result}, indent=1) if as_json else prediction_text(result))
    return 0


def run_explain(file: Path, model: Path, output: Path) -> int:
    """Write skeleton.png, movement.gif, ablation.png and explanation.json."""
    from tqdm import tqdm

    from apps.movement.drawing import VIDEO_FRAMES, VIDEO_STEP, draw_curves, draw_skeleton, draw_video
    from apps.movement.explanation import explain
    from apps.movement.reports import explanation_result, faithfulness_text, prediction_result, write_json

    ensemble, tracks, starts, clips = _load(file, model)
    pictures = min(VIDEO_FRAMES, -(-len(tracks) // VIDEO_STEP))
    output.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(ensemble.networks) + pictures, disable=None) as bar:
        explanation = explain(ensemble.networks, clips, bar.update)
        prediction = prediction_result(str(file), explanation.scores, starts, ensemble.clip)
        probability = prediction["probability of atypical"]
        title = f"{file.name}: probability of atypical {probability:.2f} +- {prediction['sd over seeds']:.2f}"
        draw_skeleton(explanation, tracks, title, output / "skeleton.png")
        draw_curves(explanation, title, output / "ablation.png")
        draw_video(explanation, tracks, starts, ensemble.clip, output / "movement.gif", bar.update)
    result = {**prediction, **explanation_result(explanation)}
    write_json(result, output / "explanation.json")
    print(f"{NOTICE}\n{title}\n{faithfulness_text(result['joints']['faithfulness'])}")
    print(f"written: skeleton.png, ablation.png, movement.gif and explanation.json in {output}", file=sys.stderr)
    return 0
