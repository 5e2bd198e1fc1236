"""`artnet criteria`: study how pruning criteria judge the channels of a network, as a report with plots."""

import argparse
import sys
from pathlib import Path

from apps.common.extras import need
from apps.prune.networks import add_model_arguments

EPILOG = """\
The report answers three questions: do criteria choose the same channels (rank correlations and overlap of what would
go), can they tell the channels of a layer apart (spread of the scores against Gaussian filters), and are the weights
distributed as theory assumes (beside the same layer at initialisation). OUTPUT/report.html opens offline;
OUTPUT/report.json has every number. Without --data only criteria of the weights are compared.

examples:
  artnet criteria resnet50 --weights resnet50.safetensors --data photos/ -o report/
  artnet criteria artnet --data photos/ -o report/
  artnet criteria my_package.networks:small_net -o report/

needs torch, torchvision, matplotlib and SciPy: pip install 'artnet[study]'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description, parser.epilog = __doc__, EPILOG
    add_model_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the report")
    parser.add_argument("--criteria", nargs="+", metavar="NAME", help="which to compare (default: all that can be)")
    parser.add_argument("--share", type=float, default=0.5, help="of the channels that would go, 0 to 1 (default: 0.5)")
    parser.add_argument("--keep", nargs="+", default=[], metavar="LAYER", help="layers to leave out")


def run(args: argparse.Namespace) -> int:
    """Record, study, write the report."""
    need("study", "torch", "torchvision", "matplotlib", "scipy")
    import pruning
    from apps.prune.calibration import progress_bar, record
    from apps.prune.networks import load_subject, picture_batches
    from pruning.study import study, write_report

    subject = load_subject(args.model, args.weights, args.size)
    if args.weights is None and subject.build is not None:
        print("artnet: without --weights the network is as untrained as it was built", file=sys.stderr)
    statistics: pruning.Evidence | None = None
    if args.data is not None:
        batches = picture_batches(args.data, subject, pictures=args.pictures, batch=args.batch)
        statistics = record(subject, batches, -(-args.pictures // args.batch))
    with progress_bar("studying") as bar:

        def show(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        found = study(
            subject.model,
            subject.example(),
            statistics=statistics,
            initial=subject.build() if subject.build else None,
            criteria=args.criteria,
            share=args.share,
            keep=args.keep,
            progress=show,
        )
    print(write_report(found, args.output, title=args.model))
    return 0
