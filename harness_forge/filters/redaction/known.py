"""Names that identify nobody: reserved, public, or in every system."""

from __future__ import annotations

RESERVED = ("example", "test", "invalid", "localhost", "onion", "arpa")
"""Last labels that no machine has (RFC 2606, 6761)."""

PUBLIC = frozenset(
    """
    example.com example.org example.net github.com githubusercontent.com github.io gitlab.com
    bitbucket.org sourceforge.net python.org pypi.org pythonhosted.org readthedocs.io readthedocs.org
    npmjs.com npmjs.org nodejs.org yarnpkg.com rubygems.org crates.io docs.rs rust-lang.org golang.org
    go.dev gopkg.in maven.org apache.org apachefriends.org gnu.org fsf.org kernel.org linux.com
    linuxfoundation.org redhat.com fedoraproject.org centos.org rockylinux.org almalinux.org
    debian.org ubuntu.com canonical.com launchpad.net archlinux.org suse.com opensuse.org
    alpinelinux.org docker.com docker.io quay.io kubernetes.io k8s.io k8s.gcr.io gcr.io ghcr.io
    helm.sh cncf.io prometheus.io grafana.com elastic.co hashicorp.com terraform.io ansible.com
    postgresql.org mysql.com mariadb.org sqlite.org mongodb.org mongodb.com redis.io nginx.org
    nginx.com haproxy.org openssl.org openssh.com libssh.org lysator.liu.se openbsd.org freebsd.org
    netbsd.org ietf.org rfc-editor.org iana.org w3.org xmlsoap.org oasis-open.org whatwg.org iso.org
    ecma-international.org unicode.org json.org json-schema.org yaml.org nist.gov mitre.org
    cisecurity.org disa.mil cyber.mil open-scap.org openscap.org ntp.org pool.ntp.org letsencrypt.org
    digicert.com google.com googleapis.com gstatic.com youtube.com microsoft.com windows.com
    microsoftonline.com visualstudio.com azure.com office.com apple.com mozilla.org firefox.com
    cloudflare.com cloudflare-dns.com jsdelivr.net unpkg.com cdnjs.com jquery.com bootstrapcdn.com
    stackoverflow.com stackexchange.com superuser.com serverfault.com wikipedia.org wikimedia.org
    wikidata.org archive.org medium.com twitter.com x.com facebook.com linkedin.com instagram.com
    reddit.com ycombinator.com openai.com anthropic.com huggingface.co hf.co pytorch.org
    tensorflow.org numpy.org scipy.org jupyter.org anaconda.com anaconda.org conda.io conda-forge.org
    nvidia.com intel.com amd.com arm.com oracle.com java.com ibm.com vmware.com cisco.com
    amazon.com aws.amazon.com paypal.com stripe.com slack.com atlassian.com travis-ci.org
    circleci.com jenkins.io gnome.org kde.org freedesktop.org systemd.io x.org mesa3d.org
    creativecommons.org opensource.org spdx.org semver.org schema.org purl.org dublincore.org
    httpbin.org ifconfig.me ipinfo.io checkip.amazonaws.com gnupg.org sks-keyservers.net
    keyserver.ubuntu.com perl.org cpan.org php.net packagist.org getcomposer.org ruby-lang.org
    haskell.org r-project.org julialang.org swift.org kotlinlang.org scala-lang.org eclipse.org
    jetbrains.com spring.io gradle.org android.com chromium.org chrome.com opengroup.org
    die.net man7.org linuxize.com digitalocean.com tldp.org gentoo.org
    s3.amazonaws.com
    """.split()
)
"""Domains of projects, vendors and standards that code and documentation point to."""

TOP_LEVEL = frozenset(
    "com net org edu gov mil int info biz eu de fr uk ch at nl be dk se no fi pl cz it es pt ie au nz ca jp cn kr br mx za ru ua in".split()
)
SOFT_TOP_LEVEL = frozenset(
    "io dev app cloud ai co us tech systems network host online site xyz me".split()
)
"""Top-level domains that are attribute names in code as often."""
INTERNAL = frozenset(
    "internal intranet local lan corp home private localdomain priv ad cluster".split()
)
SURE_INTERNAL = frozenset("intranet lan corp localdomain priv".split())

ACCOUNTS = frozenset(
    """
    root admin administrator user username users you me myuser youruser someuser testuser test guest
    nobody daemon bin sys sync mail news www www-data apache nginx http httpd ftp git svn hg postgres
    mysql mariadb mongodb redis elastic elasticsearch kafka rabbitmq zookeeper hadoop spark airflow
    ubuntu debian centos fedora rocky alma ec2-user vagrant core pi opc azureuser cloud-user
    runner runneradmin jenkins gitlab gitlab-runner circleci travis build builder ci cd deploy
    deployer ansible puppet chef salt nagios zabbix prometheus grafana docker podman kube
    app application service server data default public shared share common all skel node python
    ruby go java coder code dev developer worker operator op oper ops linuxbrew homebrew oracle
    tomcat jboss wildfly sshd chrony ntp systemd dbus polkitd unbound named bind backup lp games
    man list irc gnats uucp lost+found index dashboard home about page pages login settings profile
    config conf static assets images img css js src lib etc var tmp opt usr local workspace project
    projects repo name foo bar baz alice-example sandbox agent model forge all-users program
    """.split()
)
"""Account and folder names that say nothing about a person."""

HOST_WORDS = frozenset(
    """
    db database web www app api mail smtp imap ldap ad dc dns ns ntp proxy vpn git gitlab jenkins
    nexus artifactory registry vault consul grafana prometheus kibana kafka redis mongo postgres
    mysql elastic node master worker bastion jump jumphost gateway gw fw firewall router switch nas
    san backup monitor monitoring log logs syslog build ci repo mirror satellite ipa idm sso auth
    wiki jira intranet portal erp crm hr dev test stage staging prod server srv host esx vcenter
    hypervisor storage files fileserver print printer
    """.split()
)
