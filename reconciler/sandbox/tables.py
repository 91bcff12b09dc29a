"""Why this exists: what a tenant is kept in; files of earlier versions get the tables that they lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

TIMES = "created_at TEXT NOT NULL, updated_at TEXT NOT NULL"
_OF_INSTANCE = "instance TEXT REFERENCES instance (id) ON DELETE CASCADE"
_OF_CUSTOMER = "customer TEXT REFERENCES customer (id) ON DELETE CASCADE"
_OF_EXECUTION = "execution TEXT NOT NULL REFERENCES execution (id) ON DELETE CASCADE"

# Lists of ids and of values are JSON. A row with ready shows from that request on, counted from the first.
TABLES: dict[str, str] = {
    "meta": "key TEXT PRIMARY KEY, value TEXT",
    "definition": "digest TEXT PRIMARY KEY, body TEXT NOT NULL",
    "integration": """
  id TEXT PRIMARY KEY, sequence TEXT NOT NULL, is_draft INTEGER NOT NULL, number INTEGER NOT NULL,
  name TEXT NOT NULL, description TEXT NOT NULL, category TEXT NOT NULL, labels TEXT NOT NULL,
  metadata TEXT, customer TEXT, parent TEXT, avatar_url TEXT, starred INTEGER NOT NULL DEFAULT 0,
  overview TEXT, marketplace TEXT NOT NULL DEFAULT 'NOT_AVAILABLE_IN_MARKETPLACE', marketplace_tabs TEXT,
  multiple INTEGER NOT NULL DEFAULT 0, template TEXT NOT NULL DEFAULT 'NOT_AVAILABLE',
  use_as_template INTEGER NOT NULL DEFAULT 0, test_payload TEXT, test_headers TEXT, test_content_type TEXT,
  definition TEXT NOT NULL, flows TEXT NOT NULL, variables TEXT NOT NULL,
  published_state TEXT, unpublished INTEGER NOT NULL DEFAULT 0, outdated INTEGER NOT NULL DEFAULT 0,
  code_native INTEGER NOT NULL DEFAULT 0, agent INTEGER NOT NULL DEFAULT 0,
  comment TEXT, attributes TEXT, published_at TEXT, published_by TEXT,
  available INTEGER NOT NULL DEFAULT 0, available_from INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL""",
    "customer": """
  id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, external_id TEXT, labels TEXT NOT NULL,
  is_system INTEGER NOT NULL DEFAULT 0, embedded_designer INTEGER NOT NULL DEFAULT 0,
  workflow_copilot INTEGER NOT NULL DEFAULT 0, execution_limit INTEGER, avatar_url TEXT,
  starred INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, updated_at TEXT NOT NULL""",
    "instance": """
  id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, labels TEXT NOT NULL,
  integration TEXT NOT NULL, sequence TEXT NOT NULL, customer TEXT NOT NULL,
  is_system INTEGER NOT NULL DEFAULT 0, enabled INTEGER NOT NULL DEFAULT 0,
  needs_deploy INTEGER NOT NULL DEFAULT 1, deployed_version INTEGER, last_deployed_at TEXT,
  config TEXT NOT NULL DEFAULT '{}', deployed_config TEXT, flow_configs TEXT NOT NULL DEFAULT '{}',
  config_mode TEXT, debug INTEGER NOT NULL DEFAULT 0, logs_disabled INTEGER NOT NULL DEFAULT 0,
  results_disabled INTEGER NOT NULL DEFAULT 0, starred INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL""",
    "workflow": f"id TEXT PRIMARY KEY, {_OF_INSTANCE}",
    "component": """
  id TEXT PRIMARY KEY, key TEXT NOT NULL, number INTEGER NOT NULL, signature TEXT NOT NULL,
  body TEXT NOT NULL, created_at TEXT NOT NULL""",
    "profile": f"""
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL DEFAULT '', stable_key TEXT,
  is_default INTEGER NOT NULL DEFAULT 0, memory_mb INTEGER NOT NULL DEFAULT 1024,
  billing TEXT NOT NULL DEFAULT '', logs_disabled INTEGER NOT NULL DEFAULT 0,
  results_disabled INTEGER NOT NULL DEFAULT 0, quick_start INTEGER NOT NULL DEFAULT 0,
  quick_start_instances INTEGER, scope TEXT NOT NULL DEFAULT 'ORG', {_OF_INSTANCE}, {TIMES}""",
    "person": f"""
  id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', email TEXT NOT NULL, external_id TEXT,
  phone TEXT NOT NULL DEFAULT '', role TEXT NOT NULL, {_OF_CUSTOMER}, avatar_url TEXT,
  dark INTEGER NOT NULL DEFAULT 0, dark_with_os INTEGER NOT NULL DEFAULT 0, {TIMES}""",
    "alert_webhook": f"""
  id TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, headers TEXT, payload_template TEXT NOT NULL,
  {TIMES}""",
    "alert_group": f"""
  id TEXT PRIMARY KEY, name TEXT NOT NULL, users TEXT NOT NULL DEFAULT '[]',
  webhooks TEXT NOT NULL DEFAULT '[]', {TIMES}""",
    "alert_monitor": f"""
  id TEXT PRIMARY KEY, name TEXT NOT NULL, {_OF_INSTANCE}, flow_config TEXT,
  triggers TEXT NOT NULL DEFAULT '[]', users TEXT NOT NULL DEFAULT '[]', groups TEXT NOT NULL DEFAULT '[]',
  webhooks TEXT NOT NULL DEFAULT '[]', duration_seconds INTEGER, overdue_minutes INTEGER,
  severity INTEGER, triggered INTEGER NOT NULL DEFAULT 0, last_triggered_at TEXT, {TIMES}""",
    "alert_event": f"""
  id TEXT PRIMARY KEY, monitor TEXT NOT NULL REFERENCES alert_monitor (id) ON DELETE CASCADE,
  details TEXT NOT NULL, {TIMES}""",
    "event_webhook": f"""
  id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, url TEXT NOT NULL, headers TEXT, secret TEXT,
  event_types TEXT NOT NULL DEFAULT '[]', enabled INTEGER NOT NULL DEFAULT 1, {TIMES}""",
    "scoped_variable": f"""
  id TEXT PRIMARY KEY, name TEXT NOT NULL, stable_key TEXT NOT NULL UNIQUE, description TEXT,
  scope TEXT NOT NULL, managed_by TEXT NOT NULL, connection TEXT, {_OF_CUSTOMER}, parent TEXT,
  build_only INTEGER NOT NULL DEFAULT 0, is_default INTEGER NOT NULL DEFAULT 0,
  inputs TEXT NOT NULL DEFAULT '[]', redirect TEXT, status TEXT, token TEXT, refresh_at TEXT,
  configured_at TEXT, {TIMES}""",
    "customer_variable": f"""
  id TEXT PRIMARY KEY, name TEXT, scoped TEXT NOT NULL REFERENCES scoped_variable (id) ON DELETE CASCADE,
  {_OF_CUSTOMER}, is_test INTEGER NOT NULL DEFAULT 0, inputs TEXT NOT NULL DEFAULT '[]', status TEXT,
  token TEXT, refresh_at TEXT, configured_at TEXT, {TIMES}""",
    "execution": f"""
  id TEXT PRIMARY KEY, integration TEXT NOT NULL, sequence TEXT NOT NULL, flow TEXT NOT NULL,
  flow_config TEXT, {_OF_INSTANCE}, is_test INTEGER NOT NULL, invoke_type TEXT NOT NULL, replay_for TEXT,
  ready INTEGER NOT NULL, error TEXT, status_code INTEGER NOT NULL, response TEXT NOT NULL,
  payload TEXT NOT NULL, content_type TEXT NOT NULL, headers TEXT NOT NULL, step_count INTEGER NOT NULL,
  ended_at TEXT NOT NULL, {TIMES}""",
    "step_result": f"""
  id TEXT PRIMARY KEY, {_OF_EXECUTION}, instance TEXT, ready INTEGER NOT NULL, name TEXT NOT NULL,
  action TEXT NOT NULL, stable_key TEXT, failed INTEGER NOT NULL, body TEXT NOT NULL,
  content_type TEXT NOT NULL, is_root INTEGER NOT NULL, ended_at TEXT NOT NULL, {TIMES}""",
    "log": f"""
  id TEXT PRIMARY KEY, {_OF_EXECUTION}, {_OF_INSTANCE}, ready INTEGER NOT NULL, severity INTEGER NOT NULL,
  message TEXT NOT NULL, step TEXT, type TEXT NOT NULL, {TIMES}""",
}
_INDEXES = (
    ("integration_sequence", "integration (sequence, number)"),
    ("integration_draft", "integration (is_draft, created_at)"),
    ("integration_name", "integration (name)"),
    ("customer_name", "customer (name)"),
    ("customer_external", "customer (external_id)"),
    ("customer_created", "customer (created_at)"),
    ("instance_created", "instance (created_at)"),
    ("instance_system", "instance (is_system, created_at)"),
    ("instance_sequence", "instance (sequence, created_at)"),
    ("instance_integration", "instance (integration)"),
    ("instance_customer", "instance (customer, name)"),
    ("person_email", "person (email)"),
    ("execution_instance", "execution (instance, created_at)"),
    ("execution_sequence", "execution (sequence, created_at)"),
    ("execution_flow_config", "execution (flow_config, created_at)"),
    ("execution_flow", "execution (flow, created_at)"),
    ("step_result_execution", "step_result (execution, created_at)"),
    ("log_execution", "log (execution, created_at)"),
    ("log_instance", "log (instance, created_at)"),
    ("alert_monitor_instance", "alert_monitor (instance)"),
)


def statements(tables: Mapping[str, str]) -> Iterator[str]:
    """What makes these tables, and the indexes of those here, where they are not there yet."""
    for name, columns in tables.items():
        yield f"CREATE TABLE IF NOT EXISTS {name} ({columns})"
    for name, columns in _INDEXES:
        yield f"CREATE INDEX IF NOT EXISTS {name} ON {columns}"
