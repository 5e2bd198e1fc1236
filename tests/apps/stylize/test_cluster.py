"""artnet stylize --ray on a cluster of three machines, which all are this one."""

import argparse
import os
from pathlib import Path

import pytest
from helpers.tiny import noise_picture
from PIL import Image

from apps.cli import main
from apps.common.options import options_of
from apps.stylize.command import add_arguments
from apps.stylize.options import StylizeOptions
from apps.stylize.run import Run
from artnet.model.checkpoint import save_checkpoint

ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
ROOT = Path(__file__).parents[3]
COUNT = 40


def started(tries=3):
    """A cluster and its machines; Ray gives up on one that takes half a minute to start, as on a busy computer."""
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    try:
        return cluster, [cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20) for _ in range(3)]
    except Exception:
        cluster.shutdown()
        if tries == 1:
            raise
        return started(tries - 1)


@pytest.fixture(scope="module")
def machines():
    """A cluster with `address`, and `lose()`, which ends one of its machines as a power cut would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster, nodes = started()
        cluster.lose = lambda: cluster.remove_node(nodes.pop(), allow_graceful=False)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def desk(tmp_path, tiny, monkeypatch):
    """The current folder: photos/ of pictures that one process painted into alone/, a style and a network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTNET_CACHE", str(tmp_path / "cache"))
    Path("photos").mkdir()
    for n in range(COUNT):
        Image.fromarray(noise_picture(40, 56, n)).save(f"photos/{n:02}.png")
    Image.fromarray(noise_picture(64, 64, 99)).save("style.png")
    save_checkpoint(tiny, "tiny.safetensors")
    assert main(["stylize", *arguments("alone")]) == 0
    return tmp_path


def arguments(output, *more):
    options = ["--style", "style.png", "--stroke-size", "64", "--weights", "tiny.safetensors"]
    return ["photos", "-o", output, *options, *more]


def options(words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return options_of(StylizeOptions, vars(parser.parse_args(words)))


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("*.png")}


def test_the_same_bytes_and_only_what_lacks_is_painted_again(machines, desk, capsys):
    on_all = ["--skip-existing", "--ray", machines.address]
    assert main(["stylize", *arguments("out", *on_all)]) == 0
    assert contents("out") == contents("alone")
    assert f"{COUNT} written" in capsys.readouterr().out
    Path("out/07.png").unlink()
    assert main(["stylize", *arguments("out", *on_all)]) == 0
    assert f"1 written, {COUNT - 1} skipped" in capsys.readouterr().out
    assert main(["stylize", *arguments("out", "--skip-existing")]) == 0
    assert f"{COUNT} skipped" in capsys.readouterr().out
    assert contents("out") == contents("alone")


def test_what_fails_twice_is_listed(machines, desk, capsys):
    Path("photos/13.png").write_bytes(b"no picture")
    assert main(["stylize", *arguments("out", "--ray", machines.address)]) == 1
    out, err = capsys.readouterr()
    assert f"{COUNT - 1} written, 1 failed" in out
    assert err.count("failed:") == 1
    assert "13.png" in err
    assert set(contents("alone")) - set(contents("out")) == {"13.png"}


def test_a_machine_that_is_lost_in_the_middle_loses_nothing(machines, desk):
    large = ("--size", "512")  # takes a while, so that every machine still has work when one is lost
    assert main(["stylize", *arguments("large", *large)]) == 0
    run = Run(options(arguments("out", *large, "--ray", machines.address)))
    seen = []
    for job, result in run.batch().results(run.jobs):
        seen.append((job, result.status))
        if len(seen) == 1:
            machines.lose()
            assert len(contents("out")) < COUNT
    assert sorted(job.output.name for job, _ in seen) == sorted(contents("large"))
    assert {status for _, status in seen} == {"written"}
    assert contents("out") == contents("large")
    assert list(Path("out").glob(".artnet-*.tmp")) == []


def test_what_a_machine_lacks_is_one_line(machines, desk, capsys):
    run = Run(options(arguments("out", "--ray", machines.address)))
    Path("tiny.safetensors").unlink()
    with pytest.raises(ValueError, match=r"^a machine of the Ray cluster cannot paint: FileNotFoundError: no weights"):
        list(run.batch().results(run.jobs))


def test_an_address_where_nobody_listens_is_one_line(desk, capsys):
    assert main(["stylize", *arguments("out", "--ray", "127.0.0.1:1")]) == 2
    err = capsys.readouterr().err
    assert "there is no Ray cluster at 127.0.0.1:1" in err
    assert err.count("\n") == 1
    assert not Path("out").exists()


@pytest.mark.parametrize("more", [["-o", "-"], ["-o", "out", "--ray"]])
def test_pipes_are_refused(more, desk, capsys):
    content = "photos/00.png" if "-" in more else "-"
    assert main(["stylize", content, "--style", "style.png", "--ray", "", *more]) == 2
    assert capsys.readouterr().err.count("\n") == 1
