"""Service unit: the systemd file that keeps a deployment's runner alive, and an example crontab beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HALTED_EXIT_CODE = 5
"""Of a run that ended halted: a restart would not help."""
ANYWHERE = """\
NoNewPrivileges=yes
UMask=0077
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
"""
"""Hardening that needs no privileges."""
SYSTEM = """\
ProtectSystem=strict
ReadWritePaths={paths}
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
CapabilityBoundingSet=
"""
"""Hardening that the system's manager alone can give."""
UNIT = """\
# {file}
[Unit]
Description=Tulya: deployment {name}, account {account}
After=network-online.target time-sync.target
Wants=network-online.target
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
WorkingDirectory={folder}
Environment={environment}
{user}Restart=on-failure
RestartPreventExitStatus={halted}
RestartSec=5
TimeoutStartSec=300
TimeoutStopSec=30
WatchdogSec=60
{hardening}
[Install]
WantedBy={target}
"""


class ServiceUnit(NamedTuple):
    """Contents of a unit."""

    name: str
    """Of the deployment."""
    account: str
    command: Sequence[str]
    """Program and its arguments."""
    folder: Path
    """Working directory."""
    database: Path
    logs: Path
    user: str
    """User that it runs as; empty in a unit of the user's own manager."""

    @property
    def file_name(self) -> str:
        """``tulya-morning.service``."""
        return f"tulya-{self.name}.service"

    def text(self) -> str:
        """The file."""
        writable = dict.fromkeys(str(path) for path in (self.database.parent, self.logs, self.folder))
        paths = " ".join(quoted(path) for path in writable)
        hardening = ANYWHERE + (SYSTEM.format(paths=paths) if self.user else "")
        return UNIT.format(
            file=self.file_name,
            name=self.name,
            account=self.account,
            command=" ".join(quoted(word) for word in self.command),
            folder=str(self.folder).replace("%", "%%"),
            environment=" ".join(quoted(one) for one in (f"TULYA_DB={self.database}", f"TULYA_LOGS={self.logs}")),
            user=f"User={self.user}\n" if self.user else "",
            halted=HALTED_EXIT_CODE,
            hardening=hardening,
            target="multi-user.target" if self.user else "default.target",
        )


def quoted(word: str) -> str:
    """A word as systemd reads it back."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or any(letter.isspace() or letter in "';" for letter in word) else word


def crontab_text(program: Sequence[str], deployment: str, account: str, folder: Path) -> str:
    """Example crontab: what is due beside a runner, by the exchange's clock."""
    tulya = f"cd {_shell(str(folder))} && {' '.join(_shell(word) for word in program)}"
    jobs = (
        ("45 15 * * 1-5", f"journal rebuild --account {account}", "tables of the day, after the close"),
        ("0 16 * * 1-5", f'parity "$(date +\\%F)" --deployment {deployment} --json', "the day beside its backtest"),
        ("0 18 * * *", f"journal verify --account {account}", "every hash of the journal"),
        ("0 11 * * 6", f"drill {deployment} --json", "the kill switch, tried for real on paper"),
    )
    lines = [f"# {why}\n{when} {tulya} {words}" for when, words, why in jobs]
    return "CRON_TZ=Asia/Kolkata\n" + "\n".join(lines) + "\n"


def _shell(word: str) -> str:
    import shlex

    return shlex.quote(word).replace("%", "\\%")
