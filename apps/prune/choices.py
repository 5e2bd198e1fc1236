"""What `artnet prune` can be asked for by name, each with half a line, taken from the registries."""

from apps.prune.options import Ranking, Training

SEARCHES = {"dais": "indicators of the channels are learned beside the weights, and annealed to 0 or 1"}


def check_names(ranking: Ranking, training: Training) -> None:
    """Refuse unknown names before anything is loaded.

    Raises:
        ValueError: one of them does not exist; the message lists those that do.
    """
    from pruning import criteria, schedules
    from pruning.planning.scoring import check_normalisation

    if ranking.criterion is not None:
        criteria.get(ranking.criterion)
    if ranking.normalise is not None:
        check_normalisation(ranking.normalise)
    if training.schedule is not None:
        schedules.get(training.schedule)
    if training.search is not None and training.search not in SEARCHES:
        raise ValueError(f"unknown search {training.search!r}; valid: {', '.join(SEARCHES)}")


def listing() -> str:
    """Every criterion, schedule and search on a line of its own; where torch lacks, what to install."""
    try:
        from pruning import criteria, schedules
    except ImportError as error:
        return str(error)

    found = {
        "criteria (--criterion):": {name: criteria.get(name).about for name in criteria.names()},
        "schedules (--schedule):": {name: schedule.about for name, schedule in schedules.SCHEDULES.items()},
        "searches (--search):": SEARCHES,
    }
    return "\n".join(line for title, names in found.items() for line in (title, *_lines(names), ""))


def _lines(names: dict[str, str]) -> list[str]:
    width = max(map(len, names))
    return [f"  {name:{width}}  {about}" for name, about in names.items()]
