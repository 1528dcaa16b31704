"""The fault test: jobs are enqueued and done while everything around them fails (C13, T5, C8, C11, D6).

Three runners of the product, with the kinds of jobs of tests/fault/ledger.h, each in a network and under
a host name of its own, on one PostgreSQL.  While two clients enqueue and one follows the event log, runners
are killed, stopped past their lease, cut off and restarted, sessions and the server are killed and
restarted, clocks jump, one job in five is not rung for, some are cancelled and one kills whoever runs it.

How long each fault is felt is measured; in the end the ledger must add up: see the checks at the bottom.
    fault.py SECONDS [SEED]     under tests/pg.sh, as root, in a network namespace of its own
    FAULTS="kill partition"     these alone
"""

import glob
import os
import random
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.join(ROOT, "build", os.environ.get("VARIANT", "release"))
CONFIG = os.environ["PORTOLAN_CONFIG"]
VAR = os.path.dirname(CONFIG)
USER = os.environ.get("STACK_USER", "postgres")
FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), "")

LEASE_MS = 3000
RECOVERY_MAX_S = 20.0
RUNNERS = 3
RATE = 15  # jobs a second and client
ADDRESS = "10.77.0.1"

SECONDS = int(sys.argv[1])
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
dice = random.Random(SEED)
begun = time.monotonic()


def say(text):
    print("# %6.1f %s" % (time.monotonic() - begun, text), flush=True)


def run(*command, check=True):
    return subprocess.run(command, check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def as_user(*command):
    return ["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", *command]


# --- PostgreSQL ---


def pg_bin():
    folders = sorted(f for f in os.listdir("/usr/lib/postgresql") if f.isdigit())
    return "/usr/lib/postgresql/%s/bin" % folders[-1]


PGBIN = pg_bin()


def sql(text, patience=30.0):
    """Rows of text.  While the server is away, asked again."""
    until = time.monotonic() + patience
    while True:
        done = run(os.path.join(PGBIN, "psql"), "-X", "-q", "-A", "-t", "-F", " ", "-v", "ON_ERROR_STOP=1",
                   "-d", os.environ["PORTOLAN_TEST_SUPER_URL"], "-c", text, check=False)
        if done.returncode == 0:
            return [line.split(" ") for line in done.stdout.splitlines() if line]
        if done.returncode not in (2, 3) and "server closed" not in done.stderr or time.monotonic() > until:
            raise RuntimeError("%s: %s" % (text, done.stderr))
        time.sleep(0.1)


def number(text):
    return int(sql(text)[0][0])


def pg_ctl(*words, check=True):
    return run(*as_user(os.path.join(PGBIN, "pg_ctl"), "-D", VAR + "/pg", "-s", "-w",
                        "-l", VAR + "/log/postgres/current", *words), check=check)


def start_server():
    """Again, until what a killed server has left behind is gone."""
    for _ in range(100):
        if pg_ctl("start", check=False).returncode == 0:
            sql("INSERT INTO ledger.death VALUES (pg_postmaster_start_time())")
            return
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL does not come back")


def postmaster():
    with open(VAR + "/pg/postmaster.pid") as file:
        return int(file.readline())


def open_server():
    """On the bridge too.  What was acknowledged has left the server, so that its death takes nothing back."""
    with open(VAR + "/run/pg_hba.fault.conf", "w") as file:
        file.write("local all all peer map=portolan\nhost portolan all 10.77.0.0/24 trust\n")
    with open(VAR + "/postgresql.local.conf", "w") as file:
        file.write("fsync = off\nfull_page_writes = off\nsynchronous_commit = on\n"
                   "listen_addresses = '%s'\nport = 5432\nhba_file = '%s/run/pg_hba.fault.conf'\n"
                   "log_min_messages = fatal\n" % (ADDRESS, VAR))
    os.chmod(VAR + "/run/pg_hba.fault.conf", 0o644)
    pg_ctl("restart", "-m", "fast")


# --- Runners ---


class Runner:
    """One runner, started again whenever it ends."""

    def __init__(self, n):
        self.n = n
        self.host = "runner%d" % n
        self.address = "10.77.0.%d" % (10 + n)
        self.faked = n > 0 and os.path.exists(FAKETIME)
        self.clock = "%s/run/clock%d" % (VAR, n)
        self.ends = []
        self.process = None
        self.quitting = False
        self.log = open("%s/log/%s.log" % (VAR, self.host), "w")
        self.set_clock("+0")
        self.make_network()
        self.write_config()

    def make_network(self):
        self.holder = subprocess.Popen(["unshare", "-n", "-u", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink("/proc/%d/ns/net" % self.holder.pid) == own:
            time.sleep(0.01)
        run("ip", "link", "add", "veth%d" % self.n, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        run("ip", "link", "set", "veth%d" % self.n, "master", "bridge0", "up")
        for words in (("hostname", self.host), ("ip", "link", "set", "lo", "up"),
                      ("ip", "addr", "add", self.address + "/24", "dev", "eth0"),
                      ("ip", "link", "set", "eth0", "up")):
            run(*self.inside(), *words)

    def inside(self):
        return ["nsenter", "-t", str(self.holder.pid), "-n", "-u"]

    def write_config(self):
        own = {
            "database_url": "host=%s dbname=portolan user=portolan_app" % ADDRESS,
            "database_owner_url": "host=%s dbname=portolan user=portolan_owner" % ADDRESS,
            "database_runner_url": "host=%s dbname=portolan user=portolan_runner" % ADDRESS,
            "database_gate_url": "host=%s dbname=portolan user=portolan_gate" % ADDRESS,
            "runner_lease_ms": LEASE_MS, "runner_heartbeat_ms": 500, "runner_poll_ms": 400,
            "runner_grace_ms": 1000, "database_connect_timeout_s": 1,
        }
        self.config = "%s/run/%s.conf" % (VAR, self.host)
        with open(CONFIG) as old, open(self.config, "w") as new:
            for line in old:
                if line.split("=")[0].strip() not in own:
                    new.write(line)
            for key, value in own.items():
                new.write("%s = %s\n" % (key, value))
        os.chmod(self.config, 0o644)

    def set_clock(self, offset):
        with open(self.clock + ".new", "w") as file:
            file.write(offset + "\n")
        os.chmod(self.clock + ".new", 0o644)
        os.rename(self.clock + ".new", self.clock)

    def start(self):
        env = {"PATH": os.environ["PATH"], "PORTOLAN_CONFIG": self.config}
        if self.faked:
            env.update(LD_PRELOAD=FAKETIME, FAKETIME_TIMESTAMP_FILE=self.clock, FAKETIME_NO_CACHE="1",
                       FAKETIME_DONT_FAKE_MONOTONIC="1", FAKETIME_DONT_RESET="1")
        words = ["env", "-i"] + ["%s=%s" % pair for pair in env.items()]
        self.process = subprocess.Popen(self.inside() + as_user(*words, BUILD + "/tests/fault/ledger_runner"),
                                        stderr=self.log, stdin=subprocess.DEVNULL)

    def supervise(self):
        while not self.quitting:
            self.start()
            code = self.process.wait()
            self.ends.append(code)
            time.sleep(0.2)

    def signal(self, which):
        try:
            os.kill(self.process.pid, which)
        except ProcessLookupError:
            pass

    def link(self, state):
        run("ip", "link", "set", "veth%d" % self.n, state)


# --- Faults ---


def held_by(host):
    """What runs on a host: job and token."""
    return {(int(row[0]), int(row[1])) for row in sql(
        "SELECT j.id, j.claim_token FROM app.background_job j JOIN app.job_runner r ON r.id = j.runner_id"
        " WHERE j.state = 'running' AND r.host = '%s'" % host)}


def still_held(held):
    if not held:
        return False
    pairs = ", ".join("(%d, %d)" % pair for pair in held)
    return number("SELECT count(*) FROM app.background_job WHERE state = 'running'"
                  " AND (id, claim_token) IN (VALUES %s)" % pairs) > 0


def tool(*words, **more):
    return subprocess.Popen(as_user(BUILD + "/tests/fault/ledger_tool", *words),
                            env={"PATH": os.environ["PATH"], "PORTOLAN_CONFIG": CLIENT_CONFIG, "TENANT": TENANT},
                            text=True, **more)


def recovery(since, held):
    """Seconds from `since` until nothing of `held` is held any more and new work of both lanes is done."""
    probes = []
    for kind in ("ledger.light", "ledger.heavy"):
        probe = tool("one", kind, "10", stdout=subprocess.PIPE)
        out, _ = probe.communicate(timeout=60)
        probes.append(int(out))
        acknowledged[probes[-1]] = kind
    ids = ", ".join(map(str, probes))
    while time.monotonic() - since < 3 * RECOVERY_MAX_S:
        if number("SELECT count(*) FROM app.background_job WHERE id IN (%s)" % ids) == 0 and not still_held(held):
            break
        time.sleep(0.05)
    return time.monotonic() - since


def at_work(runner, inside=False):
    """Wait, for a while, until a runner has something to lose.  @inside: an open transaction that holds its job"""
    until = time.monotonic() + 3
    while time.monotonic() < until:
        held = held_by(runner.host)
        if held and not (inside and number("SELECT count(*) FROM pg_stat_activity WHERE client_addr = '%s'"
                                           " AND state = 'idle in transaction'" % runner.address) == 0):
            break
    return held


def fault_kill(runner):
    held = at_work(runner)
    since = time.monotonic()
    runner.signal(signal.SIGKILL)
    return recovery(since, held)


def fault_stop_and_continue(runner):
    held = at_work(runner, inside=True)
    since = time.monotonic()
    runner.signal(signal.SIGSTOP)
    took = recovery(since, held)
    time.sleep(max(0.0, since + LEASE_MS / 1000 * 1.5 - time.monotonic()))
    runner.signal(signal.SIGCONT)
    return took


def fault_partition(runner):
    held = at_work(runner, inside=True)
    since = time.monotonic()
    runner.link("down")
    took = recovery(since, held)
    time.sleep(max(0.0, since + LEASE_MS / 1000 * 1.5 - time.monotonic()))
    runner.link("up")
    return took


def fault_short_partition(runner):
    since = time.monotonic()
    runner.link("down")
    time.sleep(LEASE_MS / 1000 * 0.4)
    runner.link("up")
    return recovery(since, set())


def fault_terminate(runner):
    held = at_work(runner)
    since = time.monotonic()
    runner.signal(signal.SIGTERM)
    return recovery(since, held)


def fault_clock(runner):
    since = time.monotonic()
    runner.set_clock(dice.choice(["+1h", "-1h", "+1d", "-1d", "+0"]))
    return recovery(since, set())


def fault_end_sessions(_):
    since = time.monotonic()
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'portolan_runner' AND random() < 0.5")
    return recovery(since, set())


def fault_kill_backend(_):
    """The server ends all sessions, and recovers."""
    rows = sql("SELECT pid FROM pg_stat_activity WHERE usename = 'portolan_runner' LIMIT 1")
    since = time.monotonic()
    if rows:
        try:
            os.kill(int(rows[0][0]), signal.SIGKILL)
        except ProcessLookupError:
            pass
    return recovery(since, set())


def fault_restart_server(_):
    since = time.monotonic()
    pg_ctl("restart", "-m", "fast")
    return recovery(since, set())


def fault_kill_server(_):
    pid = postmaster()
    since = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    start_server()
    return recovery(since, set())


def fault_kill_lazy_server(_):
    """What light jobs have just written is lost with the server: they are done again."""
    for process, _ in clients:
        process.send_signal(signal.SIGSTOP)
    first = tool("many", "200", stdout=subprocess.DEVNULL)
    first.wait(timeout=60)
    pid = postmaster()
    time.sleep(0.02)
    since = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    start_server()
    say("undone: %s" % sql("SELECT state, count(*) FROM app.background_job WHERE job_type = 'ledger.light' GROUP BY 1"))
    for process, _ in clients:
        process.send_signal(signal.SIGCONT)
    took = recovery(since, set())
    while number("SELECT count(*) FROM app.background_job WHERE job_type = 'ledger.light' AND state = 'running'"
                 " AND started_at < now() - interval '5 s'") > 0 and time.monotonic() - since < 3 * RECOVERY_MAX_S:
        time.sleep(0.1)
        took = time.monotonic() - since
    return took


def fault_poison(_):
    """A job that kills its runner: three runners end, and it is dead."""
    since = time.monotonic()
    probe = tool("one", "ledger.poison", "0", stdout=subprocess.PIPE)
    out, _ = probe.communicate(timeout=60)
    acknowledged[int(out)] = "ledger.poison"
    while number("SELECT count(*) FROM app.background_job_dead WHERE id = %s" % out) == 0:
        if time.monotonic() - since > 60:
            raise RuntimeError("the job that kills its runners is not dead")
        time.sleep(0.1)
    return recovery(time.monotonic(), set())


ONCE = [fault_poison]
FAULTS = [fault_kill, fault_stop_and_continue, fault_partition, fault_short_partition, fault_terminate,
          fault_end_sessions, fault_kill_backend, fault_restart_server, fault_kill_server,
          fault_kill_lazy_server, fault_clock]


def cancel_some(quit_event):
    """The operator: now and then one that runs is asked to stop."""
    while not quit_event.wait(1.5):
        try:
            sql("UPDATE app.background_job SET cancel_requested = true WHERE id IN (SELECT id FROM app.background_job"
                " WHERE state = 'running' AND job_type = 'ledger.heavy' AND unique_key IS NULL ORDER BY random() LIMIT 1)")
        except RuntimeError:
            pass


def break_things(runners, until):
    took = {}
    plan = []
    wanted = os.environ.get("FAULTS", "").split()
    chosen = [f for f in ONCE + FAULTS if not wanted or f.__name__[len("fault_"):] in wanted]
    while time.monotonic() < until:
        if not plan:
            plan = [f for f in FAULTS + (ONCE if not took else []) if f in chosen]
            dice.shuffle(plan)
        fault = plan.pop()
        runner = dice.choice([r for r in runners if r.faked] or runners) if fault is fault_clock else dice.choice(runners)
        seconds = fault(runner)
        name = fault.__name__[len("fault_"):]
        took.setdefault(name, []).append(seconds)
        say("%-18s %-8s recovered after %.2f s" % (name, runner.host, seconds))
        time.sleep(dice.uniform(0.1, 0.8))
    return took


# --- The books ---

checks = 0
failures = 0


def check(name, bad):
    global checks, failures
    checks += 1
    failures += bool(bad)
    print("%sok %d - %s" % ("not " if bad else "", checks, name), flush=True)
    if bad:
        for item in list(bad)[:20]:
            print("# ", item)


def drained(patience):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        left = number("SELECT count(*) FROM app.background_job")
        if left == 0:
            return []
        time.sleep(0.2)
    return sql("SELECT id, job_type, state, attempt, run_at - now(), runner_id, order_key FROM app.background_job")


def close_the_books(took, seen, ends):
    check("every fault is recovered from within %d s" % RECOVERY_MAX_S,
          ["%s: %.2f s" % (k, max(v)) for k, v in took.items() if max(v) > RECOVERY_MAX_S])
    check("runners end by what was done to them, or because they lost their lease",
          ["%s: %s" % (host, code) for host, codes in ends.items() for code in codes if code not in (0, 75, -9)])
    check("nothing is stuck", drained(90))

    places = {}
    for place in ("background_job", "background_job_history", "background_job_dead"):
        for row in sql("SELECT id FROM app.%s WHERE job_type LIKE 'ledger.%%'" % place):
            places.setdefault(int(row[0]), []).append(place)
    check("every acknowledged job has ended, in one place",
          ["%d %s: %s" % (i, acknowledged[i], places.get(i)) for i in acknowledged if len(places.get(i, [])) != 1])
    check("and so has every other", ["%d: %s" % (i, p) for i, p in places.items() if len(p) != 1])

    check("each job that is completed has exactly one effect, unless it was asked to run again", sql(
        "SELECT h.id, h.job_type, count(e.job_id) FROM app.background_job_history h LEFT JOIN ledger.effect e ON e.job_id = h.id"
        " WHERE h.arguments->>'quiet' IS DISTINCT FROM 'true' AND h.unique_key IS NULL"
        " GROUP BY h.id, h.job_type HAVING count(e.job_id) <> 1"))
    check("each effect has its accepted completion, and each completion its effect", sql(
        "SELECT a.job_id, a.token, e.job_id, e.token FROM (SELECT job_id, token FROM app.job_attempt WHERE outcome = 'completed'"
        " AND job_id IN (SELECT id FROM app.background_job_history WHERE arguments->>'quiet' IS DISTINCT FROM 'true')) a"
        " FULL JOIN ledger.effect e ON e.job_id = a.job_id AND e.token = a.token WHERE a.job_id IS NULL OR e.job_id IS NULL"))
    check("no completion was accepted twice", sql(
        "SELECT job_id, token, count(*) FROM app.job_attempt GROUP BY job_id, token HAVING count(*) > 1"))
    check("what was cancelled or is dead has no effect", sql(
        "SELECT d.id, d.status FROM app.background_job_dead d JOIN ledger.effect e ON e.job_id = d.id WHERE d.unique_key IS NULL"))
    check("each start that did not complete is accounted for", sql("SELECT job_id, token FROM ledger.unaccounted"))
    check("no claim was started twice", sql(
        "SELECT job_id, token, count(*) FROM ledger.start GROUP BY job_id, token HAVING count(*) > 1"))
    # Long jobs beside the one that kills its runners may meet the same end.
    check("only what lost three runners is dead, or what was cancelled", sql(
        "SELECT id, job_type, status, error_type, error_message FROM app.background_job_dead d WHERE status <> 'cancelled'"
        " AND (error_type <> 'child-killed' OR (SELECT count(*) FROM app.job_attempt a WHERE a.job_id = d.id"
        " AND a.tenant_id = d.tenant_id AND a.outcome = 'lost') <> 2)"))
    check("jobs of one order key did not overlap", sql(
        "SELECT a.order_key, a.id, b.id FROM app.background_job_history a JOIN app.background_job_history b"
        " ON b.order_key = a.order_key AND b.id <> a.id AND b.started_at > a.started_at"
        " AND b.started_at < a.finished_at - interval '50 ms'"))
    check("turns, slots and progress are all given back", sql(
        "SELECT 'turn', job_id FROM app.job_turn UNION ALL SELECT 'slot', job_id FROM app.job_slot"
        " UNION ALL SELECT 'progress', job_id FROM app.job_progress"))

    log = [(int(r[0]), r[1], r[2], int(r[3])) for r in sql(
        "SELECT position, coalesce(project_id, 0), kind, payload->>'job_id' FROM app.event WHERE tenant_id = %s"
        " AND kind LIKE 'job.%%' ORDER BY position" % TENANT)]
    check("who followed the log saw all of it, once and in order",
          [] if [e for e in seen if e[2].startswith("job.")] == log else ["seen %d, in the log %d" % (len(seen), len(log))])
    check("each end of a job that is told was told once", sql(
        "SELECT x.id, count(v.position) FROM (SELECT id, 'job.completed' AS kind FROM app.background_job_history"
        " WHERE job_type <> 'ledger.light' UNION ALL SELECT id, 'job.failed' FROM app.background_job_dead) x"
        " LEFT JOIN app.event v ON v.kind = x.kind AND (v.payload->>'job_id')::bigint = x.id"
        " GROUP BY x.id HAVING count(v.position) <> 1"))
    check("nothing waits in the outbox", sql("SELECT id FROM app.event_outbox"))


def tell(took):
    for name in sorted(took):
        times = sorted(took[name])
        print("# %-18s %2d times, recovered after %.2f s (median), %.2f s (worst)" %
              (name, len(times), times[len(times) // 2], times[-1]))
    print("# %d jobs acknowledged; %d completed, %d dead or cancelled, %d starts, %d effects, %d attempts lost, %d handed back" % (
        len(acknowledged), number("SELECT count(*) FROM app.background_job_history WHERE job_type LIKE 'ledger.%'"),
        number("SELECT count(*) FROM app.background_job_dead"), number("SELECT count(*) FROM ledger.start"),
        number("SELECT count(*) FROM ledger.effect"),
        number("SELECT count(*) FROM app.job_attempt WHERE outcome = 'lost'"),
        number("SELECT count(*) FROM app.job_attempt WHERE outcome = 'returned'")))


# --- All of it ---

acknowledged = {}
clients = []  # those that enqueue


def make_tenant():
    return sql("INSERT INTO app.tenant (name, jobs_max) VALUES ('fault', 1000000) RETURNING id")[0][0]


def client_config():
    path = VAR + "/run/client.conf"
    with open(CONFIG) as old, open(path, "w") as new:
        new.write(old.read())
    os.chmod(path, 0o644)
    return path


def take_words(stream):
    for line in stream:
        job, kind = line.split()
        acknowledged[int(job)] = kind


def take_events(stream, seen):
    for line in stream:
        position, project, kind, job = line.split()
        seen.append((int(position), project, kind, int(job)))


def read_all(process, take, *more):
    thread = threading.Thread(target=take, args=(process.stdout, *more))
    thread.start()
    return process, thread


def end(process, thread):
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    thread.join(timeout=60)


def show_logs(runners):
    for runner in runners:
        with open(runner.log.name) as file:
            for line in file.readlines()[-15:]:
                print("# %s: %s" % (runner.host, line.rstrip()))


def main():
    global TENANT, CLIENT_CONFIG
    say("seed %d" % SEED)
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "bridge0", "type", "bridge")
    run("ip", "addr", "add", ADDRESS + "/24", "dev", "bridge0")
    run("ip", "link", "set", "bridge0", "up")
    open_server()
    run(os.path.join(PGBIN, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", os.environ["PORTOLAN_TEST_SUPER_URL"],
        "-f", ROOT + "/tests/fault/ledger.sql")
    TENANT = make_tenant()
    CLIENT_CONFIG = client_config()
    runners = [Runner(n) for n in range(RUNNERS)]
    supervisors = [threading.Thread(target=r.supervise) for r in runners]
    quit_event = threading.Event()
    operator = threading.Thread(target=cancel_some, args=(quit_event,))
    seen = []
    try:
        for thread in supervisors + [operator]:
            thread.start()
        for n in range(2):
            clients.append(read_all(tool("enqueue", str(SEED + n), str(RATE), stdout=subprocess.PIPE), take_words))
        follower = read_all(tool("follow", stdout=subprocess.PIPE), take_events, seen)
        took = break_things(runners, begun + SECONDS)
        quit_event.set()
        operator.join()
        for client in clients:
            end(*client)
        clients.clear()
        left = drained(60)
        say("the queue is empty" if not left else "left: %s" % left[:5])
        end(*follower)
        ends = {r.host: list(r.ends) for r in runners}
        close_the_books(took, seen, ends)
        tell(took)
        if failures:
            show_logs(runners)
        print("1..%d" % checks, flush=True)
    finally:
        quit_event.set()
        for process, _ in clients:
            process.kill()
        for runner in runners:
            runner.quitting = True
            runner.link("up")
            runner.signal(signal.SIGCONT)
            runner.signal(signal.SIGKILL)
        for thread in supervisors:
            thread.join(timeout=10)
        for runner in runners:
            runner.holder.kill()
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
