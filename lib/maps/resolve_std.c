/* Names of the languages' standard libraries: an import of one leads to no file here. */
#include "maps/resolver.h"

#include <stdlib.h>
#include <string.h>

/* All tables are sorted by bytes: they are searched in halves. */
static const char *const C_HEADERS[] = {
	"WS2tcpip.h",
	"Windows.h",
	"Winsock2.h",
	"aio.h",
	"algorithm",
	"alloca.h",
	"altivec.h",
	"ammintrin.h",
	"any",
	"arm_acle.h",
	"arm_neon.h",
	"arm_sve.h",
	"arpa/inet.h",
	"array",
	"assert.h",
	"atomic",
	"barrier",
	"bit",
	"bits/stdc++.h",
	"bitset",
	"byteswap.h",
	"cassert",
	"ccomplex",
	"cctype",
	"cerrno",
	"cfenv",
	"cfloat",
	"charconv",
	"chrono",
	"cinttypes",
	"ciso646",
	"climits",
	"clocale",
	"cmath",
	"codecvt",
	"compare",
	"complex",
	"complex.h",
	"concepts",
	"condition_variable",
	"conio.h",
	"coroutine",
	"cpio.h",
	"cpuid.h",
	"crypt.h",
	"csetjmp",
	"csignal",
	"cstdalign",
	"cstdarg",
	"cstdbool",
	"cstddef",
	"cstdint",
	"cstdio",
	"cstdlib",
	"cstring",
	"ctgmath",
	"ctime",
	"ctype.h",
	"cuchar",
	"cwchar",
	"cwctype",
	"cxxabi.h",
	"dbghelp.h",
	"deque",
	"direct.h",
	"dirent.h",
	"dlfcn.h",
	"emmintrin.h",
	"endian.h",
	"err.h",
	"errno.h",
	"error.h",
	"exception",
	"execinfo.h",
	"execution",
	"expected",
	"experimental/filesystem",
	"ext/hash_map",
	"fcntl.h",
	"features.h",
	"fenv.h",
	"filesystem",
	"flat_map",
	"flat_set",
	"float.h",
	"fmtmsg.h",
	"fnmatch.h",
	"format",
	"forward_list",
	"fstream",
	"ftw.h",
	"functional",
	"future",
	"generator",
	"getopt.h",
	"glob.h",
	"grp.h",
	"iconv.h",
	"ifaddrs.h",
	"immintrin.h",
	"initializer_list",
	"intrin.h",
	"inttypes.h",
	"io.h",
	"iomanip",
	"ios",
	"iosfwd",
	"iostream",
	"iso646.h",
	"istream",
	"iterator",
	"langinfo.h",
	"latch",
	"libgen.h",
	"libintl.h",
	"limits",
	"limits.h",
	"link.h",
	"list",
	"locale",
	"locale.h",
	"malloc.h",
	"map",
	"math.h",
	"mdspan",
	"memory",
	"memory.h",
	"memory_resource",
	"mmintrin.h",
	"mntent.h",
	"monetary.h",
	"mqueue.h",
	"mutex",
	"ndbm.h",
	"net/if.h",
	"netdb.h",
	"netinet/in.h",
	"netinet/ip.h",
	"netinet/tcp.h",
	"netinet/udp.h",
	"new",
	"nl_types.h",
	"nmmintrin.h",
	"numbers",
	"numeric",
	"optional",
	"ostream",
	"pmmintrin.h",
	"poll.h",
	"print",
	"process.h",
	"psapi.h",
	"pthread.h",
	"pty.h",
	"pwd.h",
	"queue",
	"random",
	"ranges",
	"ratio",
	"regex",
	"regex.h",
	"resolv.h",
	"sched.h",
	"scoped_allocator",
	"search.h",
	"semaphore",
	"semaphore.h",
	"set",
	"setjmp.h",
	"shared_mutex",
	"shellapi.h",
	"shlobj.h",
	"signal.h",
	"smmintrin.h",
	"source_location",
	"span",
	"spanstream",
	"spawn.h",
	"sstream",
	"stack",
	"stacktrace",
	"stdalign.h",
	"stdarg.h",
	"stdatomic.h",
	"stdbit.h",
	"stdbool.h",
	"stdckdint.h",
	"stddef.h",
	"stdexcept",
	"stdfloat",
	"stdint.h",
	"stdio.h",
	"stdlib.h",
	"stdnoreturn.h",
	"stop_token",
	"streambuf",
	"string",
	"string.h",
	"string_view",
	"strings.h",
	"stropts.h",
	"strstream",
	"syncstream",
	"syscall.h",
	"sysexits.h",
	"syslog.h",
	"system_error",
	"tar.h",
	"tchar.h",
	"termios.h",
	"tgmath.h",
	"thread",
	"threads.h",
	"time.h",
	"tmmintrin.h",
	"trace.h",
	"tuple",
	"type_traits",
	"typeindex",
	"typeinfo",
	"uchar.h",
	"ucontext.h",
	"ucred.h",
	"ulimit.h",
	"unistd.h",
	"unordered_map",
	"unordered_set",
	"utility",
	"utime.h",
	"utmp.h",
	"utmpx.h",
	"valarray",
	"values.h",
	"variant",
	"vector",
	"version",
	"wait.h",
	"wchar.h",
	"wctype.h",
	"windows.h",
	"winsock.h",
	"winsock2.h",
	"wmmintrin.h",
	"wordexp.h",
	"ws2tcpip.h",
	"x86intrin.h",
	"xmmintrin.h",
};

static const char *const PYTHON_MODULES[] = {
	"__future__",   "__main__",     "_thread",      "_typeshed",   "abc",
	"aifc",         "antigravity",  "argparse",     "array",       "ast",
	"asynchat",     "asyncio",      "asyncore",     "atexit",      "audioop",
	"base64",       "bdb",          "binascii",     "bisect",      "builtins",
	"bz2",          "cProfile",     "calendar",     "cgi",         "cgitb",
	"chunk",        "cmath",        "cmd",          "code",        "codecs",
	"codeop",       "collections",  "colorsys",     "compileall",  "concurrent",
	"configparser", "contextlib",   "contextvars",  "copy",        "copyreg",
	"crypt",        "csv",          "ctypes",       "curses",      "dataclasses",
	"datetime",     "dbm",          "decimal",      "difflib",     "dis",
	"distutils",    "doctest",      "email",        "encodings",   "ensurepip",
	"enum",         "errno",        "faulthandler", "fcntl",       "filecmp",
	"fileinput",    "fnmatch",      "fractions",    "ftplib",      "functools",
	"gc",           "genericpath",  "getopt",       "getpass",     "gettext",
	"glob",         "graphlib",     "grp",          "gzip",        "hashlib",
	"heapq",        "hmac",         "html",         "http",        "idlelib",
	"imaplib",      "imghdr",       "imp",          "importlib",   "inspect",
	"io",           "ipaddress",    "itertools",    "json",        "keyword",
	"lib2to3",      "linecache",    "locale",       "logging",     "lzma",
	"mailbox",      "mailcap",      "marshal",      "math",        "mimetypes",
	"mmap",         "modulefinder", "msilib",       "msvcrt",      "multiprocessing",
	"netrc",        "nis",          "nntplib",      "nt",          "ntpath",
	"nturl2path",   "numbers",      "opcode",       "operator",    "optparse",
	"os",           "ossaudiodev",  "pathlib",      "pdb",         "pickle",
	"pickletools",  "pipes",        "pkgutil",      "platform",    "plistlib",
	"poplib",       "posix",        "posixpath",    "pprint",      "profile",
	"pstats",       "pty",          "pwd",          "py_compile",  "pyclbr",
	"pydoc",        "pydoc_data",   "pyexpat",      "queue",       "quopri",
	"random",       "re",           "readline",     "reprlib",     "resource",
	"rlcompleter",  "runpy",        "sched",        "secrets",     "select",
	"selectors",    "shelve",       "shlex",        "shutil",      "signal",
	"site",         "smtpd",        "smtplib",      "sndhdr",      "socket",
	"socketserver", "spwd",         "sqlite3",      "sre_compile", "sre_constants",
	"sre_parse",    "ssl",          "stat",         "statistics",  "string",
	"stringprep",   "struct",       "subprocess",   "sunau",       "symtable",
	"sys",          "sysconfig",    "syslog",       "tabnanny",    "tarfile",
	"telnetlib",    "tempfile",     "termios",      "textwrap",    "this",
	"threading",    "time",         "timeit",       "tkinter",     "token",
	"tokenize",     "tomllib",      "trace",        "traceback",   "tracemalloc",
	"tty",          "turtle",       "turtledemo",   "types",       "typing",
	"unicodedata",  "unittest",     "urllib",       "uu",          "uuid",
	"venv",         "warnings",     "wave",         "weakref",     "webbrowser",
	"winreg",       "winsound",     "wsgiref",      "xdrlib",      "xml",
	"xmlrpc",       "zipapp",       "zipfile",      "zipimport",   "zlib",
	"zoneinfo",
};

static const char *const NODE_MODULES[] = {
	"assert",       "async_hooks",
	"buffer",       "child_process",
	"cluster",      "console",
	"constants",    "crypto",
	"dgram",        "diagnostics_channel",
	"dns",          "domain",
	"events",       "fs",
	"http",         "http2",
	"https",        "inspector",
	"module",       "net",
	"os",           "path",
	"perf_hooks",   "process",
	"punycode",     "querystring",
	"readline",     "repl",
	"stream",       "string_decoder",
	"sys",          "test",
	"timers",       "tls",
	"trace_events", "tty",
	"url",          "util",
	"v8",           "vm",
	"wasi",         "worker_threads",
	"zlib",
};

/* Beginnings, not whole names. */
static const char *const JAVA_PACKAGES[] = {
	"android.",
	"com.sun.",
	"dalvik.",
	"java.",
	"javax.accessibility.",
	"javax.annotation.processing.",
	"javax.crypto.",
	"javax.imageio.",
	"javax.lang.model.",
	"javax.management.",
	"javax.naming.",
	"javax.net.",
	"javax.print.",
	"javax.rmi.",
	"javax.script.",
	"javax.security.",
	"javax.sound.",
	"javax.sql.",
	"javax.swing.",
	"javax.tools.",
	"javax.transaction.xa.",
	"javax.xml.",
	"jdk.",
	"kotlin.",
	"kotlinx.cinterop.",
	"org.gradle.",
	"org.ietf.jgss.",
	"org.w3c.dom.",
	"org.xml.sax.",
	"platform.",
	"sun.",
};

static const char *const DOTNET_NAMESPACES[] = {
	"Microsoft.CSharp.", "Microsoft.VisualBasic.", "Microsoft.Win32.", "System.", "Windows.",
};

static const char *const PHP_NAMESPACES[] = {
	"BcMath\\", "Dom\\", "FFI\\", "Pdo\\", "Random\\", "Uri\\",
};

/* Folders whose headers belong to the system, whichever they are. */
static const char *const C_FOLDERS[] = { "sys/",     "linux/", "asm/",  "mach/", "machine/",
	                                 "netinet/", "arpa/",  "bits/", "net/",  "asm-generic/" };

static bool listed(const char *const *table, size_t n, const char *name, size_t len)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strncmp(name, table[middle], len);

		if (order == 0 && table[middle][len] == '\0')
			return true;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool begins(const char *const *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(name, table[i], strlen(table[i])) == 0)
			return true;
	return false;
}

bool std_c_header(const char *name)
{
	return listed(C_HEADERS, COUNT(C_HEADERS), name, strlen(name)) ||
	       begins(C_FOLDERS, COUNT(C_FOLDERS), name);
}

bool std_python_module(const char *name, size_t len)
{
	return listed(PYTHON_MODULES, COUNT(PYTHON_MODULES), name, len);
}

bool std_node_module(const char *name, size_t len)
{
	const char *slash = memchr(name, '/', len);

	if (len > 5 && memcmp(name, "node:", 5) == 0)
		return true;
	if (slash != NULL)
		len = (size_t)(slash - name);
	return listed(NODE_MODULES, COUNT(NODE_MODULES), name, len);
}

bool std_dotnet_namespace(const char *name)
{
	return begins(DOTNET_NAMESPACES, COUNT(DOTNET_NAMESPACES), name) ||
	       strcmp(name, "System") == 0;
}

bool std_php_namespace(const char *name)
{
	return begins(PHP_NAMESPACES, COUNT(PHP_NAMESPACES), name);
}

bool std_java_package(const char *name)
{
	/* Of "import javax.crypto.*" the name is the package itself. */
	for (size_t i = 0; i < COUNT(JAVA_PACKAGES); i++) {
		size_t n = strlen(JAVA_PACKAGES[i]) - 1;

		if (strncmp(name, JAVA_PACKAGES[i], n) == 0 && (name[n] == '.' || name[n] == '\0'))
			return true;
	}
	return false;
}
