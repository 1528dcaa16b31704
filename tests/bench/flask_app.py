"""The peer of `make bench`: the same two reads in Flask, with psycopg2.

The same tables, the same admission, the same SQL behind the same row security and
the same JSON members as the worker, in one transaction, as such an application
has to do it.  Served by gunicorn with a connection per thread:

    gunicorn --workers 2 --threads 8 --worker-class gthread flask_app:app
"""

import hashlib
import os
import threading

import psycopg2
from flask import Flask, jsonify, request

KEY_HASH = bytes.fromhex(os.environ["BENCH_KEY_HASH"])
app = Flask(__name__)
local = threading.local()

COLUMNS = (
    "id, name, repository_url, default_branch, status, error_type, error, head_commit,"
    " clone_bytes + map_bytes AS storage_bytes, secret_id, sync_schedule_id, version,"
    " to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS created_at,"
    " to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS updated_at"
)


def cursor():
    if not hasattr(local, "connection"):
        local.connection = psycopg2.connect(os.environ["BENCH_DB_URL"])
    return local.connection.cursor()


def tenant_of(cur):
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    hashlib.blake2b(key.encode(), digest_size=32).digest()  # as much work; ours is keyed
    cur.execute(
        "SELECT app.admit_key_packed(%s, %s, 1, 'projects:read', NULL) / 8",
        (int(key.split("_")[1]), [KEY_HASH]),
    )
    return cur.fetchone()[0]


def rows(cur):
    names = [column[0] for column in cur.description]
    return [dict(zip(names, row)) for row in cur.fetchall()]


@app.get("/api/v1/projects")
def projects():
    cur = cursor()
    tenant = tenant_of(cur)
    limit = min(int(request.args.get("limit", 20)), 200)
    cur.execute(
        f"SELECT {COLUMNS} FROM app.project WHERE tenant_id = %s ORDER BY id DESC LIMIT %s",
        (tenant, limit + 1),
    )
    items = rows(cur)
    local.connection.commit()
    return jsonify(items=items[:limit], next_cursor=str(items[-1]["id"]) if len(items) > limit else None)


@app.get("/api/v1/projects/<int:project_id>")
def project(project_id):
    cur = cursor()
    tenant = tenant_of(cur)
    cur.execute(
        f"SELECT {COLUMNS} FROM app.project WHERE tenant_id = %s AND id = %s", (tenant, project_id)
    )
    found = rows(cur)
    local.connection.commit()
    return jsonify(found[0]) if found else (jsonify(error="not found"), 404)
