"""Hold what turns the worker's events into log lines, notices and statistics."""

from dataclasses import dataclass

from core.step_timer import StepTimer
from worker.reporting.batch_summary import BatchSummary
from worker.reporting.job_log import JobReporter
from worker.reporting.log_alerts import LogAlerts
from worker.reporting.stats import StatisticsRecorder
from worker.resilience.circuit import CircuitBreaker


@dataclass(frozen=True, slots=True)
class Reporting:
    """What turns events into log lines, notices and statistics."""

    alerts: LogAlerts
    jobs: JobReporter
    summary: BatchSummary
    statistics: StatisticsRecorder
    timer: StepTimer

    def add_due_notices(self, circuit: CircuitBreaker) -> None:
        """Add the notices that are due: the summary, a long outage, and what was logged."""
        self.summary.report_if_due()
        self.jobs.notify_long_outage(circuit.breaker)
        self.alerts.flush()
