"""Forward the names that moved to tests.harness."""

from tests.harness.clocks import FakeClock as FakeClock
from tests.harness.database import open_store as open_store
from tests.harness.database import query as query
from tests.harness.plugin_copy import ROOT as ROOT
from tests.harness.plugin_copy import copy_plugin as copy_plugin
