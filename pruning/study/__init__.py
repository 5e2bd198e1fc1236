"""The study of pruning criteria: do they agree, can they tell channels apart, are filters Gaussian?

    found = study(model, example, statistics=pruning.record(model, example, batches, loss=loss))
    write_report(found, "report/", title="MobileNetV2")

Needs scipy; the report also matplotlib.
"""

from pruning.study.report import write_report
from pruning.study.study import Study, study

__all__ = ["Study", "study", "write_report"]
