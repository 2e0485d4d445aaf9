#!/usr/bin/env bash
# fresh-root.sh DOCUMENT CLIP [OLDER]: tries the packages that `make deb` built on a Debian 12 on
# which nothing was installed before: as a clerk (doctor, a check, the window), through an
# upgrade from an OLDER package with a history, on an emulated processor of 2008, and to the
# purge. Screenshots and logs are in build/fresh-root.
set -euo pipefail
self=$(realpath "$0")
cd "$(dirname "$self")/../.."

die() {
	echo "fresh-root: $*" >&2
	exit 1
}

if [ "$(id -u)" -ne 0 ]; then
	command -v sudo > /dev/null || die "this needs root, to make a root folder of its own. Please run it as root."
	exec sudo --preserve-env=http_proxy "$self" "$@"
fi
# What is mounted below ends with this process, however it ends.
if [ -z "${FRESH_ROOT_APART:-}" ]; then
	FRESH_ROOT_APART=1 exec unshare --mount --propagation private "$self" "$@"
fi
document=$1 clip=$2 older=${3:-}
out=$PWD/build/fresh-root
mkdir -p "$out/archives/partial"
root=$(mktemp -d)
chmod 755 "$root" # its users must get in
started=()
end() {
	local code=$?
	[ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
	umount "$root/proc" "$root/var/cache/apt/archives" 2>/dev/null || true
	rm -rf --one-file-system "$root"
	chown -R --reference=build "$out" # whoever built it may remove it
	exit $code
}
trap end EXIT

step() { echo "== $* (${SECONDS} s)"; }

# Commands in the root: as its root, and as the clerk.
inside() {
	chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} "$@"
}
as_clerk=(chroot --userspec=clerk:clerk "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/clerk LANG=C.UTF-8)
clerk() { "${as_clerk[@]}" "$@"; }
apt_install() { inside sh -c "apt-get install -y -q $*"; } # the names in the root are its shell's

# check NAME [VARIABLE=VALUE...]: one check that has to pass; prints its score.
check() {
	local name=$1
	shift
	clerk "$@" facematch check --document /home/clerk/document.jpg --video /home/clerk/clip.mp4 --consent --format json \
		> "$out/$name.json" || die "$name: exit $?: $(cat "$out/$name.json")"
	grep -oE '"score":[0-9.]+' "$out/$name.json" | head -1 | cut -d: -f2
}

step "a Debian 12 of its own"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' | head -1)
[ -n "$mirror" ] || die "this machine's apt knows no mirror of Debian 12 (bookworm)"
debootstrap --variant=minbase bookworm "$root" "$mirror" > "$out/debootstrap.log" || die "see $out/debootstrap.log"
mount -t proc proc "$root/proc"
mount --bind "$out/archives" "$root/var/cache/apt/archives" # what was fetched once is kept
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
inside useradd --create-home --shell /bin/bash clerk
cp "$document" "$root/home/clerk/document.jpg"
cp "$clip" "$root/home/clerk/clip.mp4"
mkdir "$root/packages"
cp build/facematch_*.deb build/facematch-models_*.deb "$root/packages/"
inside apt-get update -qq

step "apt install"
apt_install '/packages/facematch_*.deb' '/packages/facematch-models_*.deb' > "$out/install.log" 2>&1 || die "see $out/install.log"
grep -E 'newly installed|Need to get|disk space' "$out/install.log"
ls -l build/facematch*.deb
for tool in cc gcc g++ c++ go make; do
	! inside sh -c "command -v $tool" || die "$tool is there: this is no desk"
done
[ "$(inside systemctl is-enabled facematch 2>/dev/null)" = disabled ] || die "the service is not disabled"

step "doctor, as a clerk whose camera is a clip"
clerk mkdir -p /home/clerk/.config/facematch
printf '[camera]\nsource = "/home/clerk/clip.mp4"\n' > "$root/home/clerk/.config/facematch/settings.toml"
inside chown clerk: /home/clerk/.config/facematch/settings.toml
clerk facematch doctor | tee "$out/doctor.txt"
! grep -vq '^ok ' "$out/doctor.txt" || die "doctor is not content"

step "one check"
score=$(check check)
echo "score $score"

step "the window"
exec 3< <(exec Xvfb -displayfd 1 -nolisten tcp -ac -screen 0 1280x800x24 2>/dev/null)
started+=($!)
read -r display <&3
"${as_clerk[@]}" DISPLAY=":$display" LIBGL_ALWAYS_SOFTWARE=1 facematch /home/clerk/document.jpg > "$out/window.log" 2>&1 &
started+=($!)
colours=0
for _ in $(seq 60); do # black, then grey, then the pictures
	sleep 1
	DISPLAY=":$display" import -window root "$out/window.png"
	colours=$(identify -format %k "$out/window.png")
	[ "$colours" -lt 5000 ] || break
done
[ "$colours" -ge 5000 ] || die "the window does not show its pictures: see $out/window.png and window.log"
kill "${started[-1]}"
wait "${started[-1]}" || die "the window ended with $?"
unset 'started[-1]'
echo "build/fresh-root/window.png"

step "a processor of 2008"
# The emulator has neither Landlock nor seccomp, so only that is missing in the processes that
# read clips. Their program is named, since /proc/self/exe is the emulator's.
cp "$(command -v qemu-x86_64-static)" "$root/usr/local/bin/"
printf '#!/bin/sh\nexec /usr/local/bin/qemu-x86_64-static -cpu Nehalem /usr/bin/facematch "$@"\n' > "$root/usr/local/bin/nehalem"
chmod 755 "$root/usr/local/bin/nehalem"
mkdir -p "$root/opt/nehalem"
ln -s /usr/local/bin/nehalem "$root/opt/nehalem/facematch"
emulated=$(check nehalem PATH=/opt/nehalem:/usr/bin:/bin FACEMATCH_PROGRAM=/usr/local/bin/nehalem)
echo "score $emulated"
# A score that differs fails the run, but only at its end: the upgrade is tried all the same.
# OPENCV_CPU_DISABLE=AVX512-SKX,AVX2,FMA3 shows here what OpenCV computes there.
# alignStep in matcher/offline is what keeps both the same.
differs=
awk -v a="$score" -v b="$emulated" 'BEGIN { exit !(a - b <= 0.01 && b - a <= 0.01) }' ||
	differs="$score here, $emulated on a processor of 2008: more than 0.01 apart"

if [ -n "$older" ]; then
	step "an upgrade from ${older##*/}, with a history"
	cp "$older" "$root/older.deb"
	apt_install --allow-downgrades /older.deb > "$out/older.log" 2>&1 || die "see $out/older.log"
	check older FACEMATCH_HOME=/home/clerk/older
	clerk FACEMATCH_HOME=/home/clerk/older facematch history list --format csv > "$out/before.csv"
	# A stand-in notes what is asked of systemd, which does not run in such a root.
	mkdir -p "$root/run/systemd/system"
	mv "$root/usr/bin/systemctl" "$root/usr/bin/systemctl.own"
	printf '#!/bin/sh\necho "$@" >> /systemctl.log\n' > "$root/usr/bin/systemctl"
	chmod 755 "$root/usr/bin/systemctl"
	mv "$root/usr/sbin/policy-rc.d" "$root/policy-rc.d"
	apt_install '/packages/facematch_*.deb' > "$out/upgrade.log" 2>&1 || die "see $out/upgrade.log"
	mv "$root/policy-rc.d" "$root/usr/sbin/policy-rc.d"
	mv "$root/usr/bin/systemctl.own" "$root/usr/bin/systemctl"
	rmdir "$root/run/systemd/system"
	echo "asked of systemd: $(grep facematch "$root/systemctl.log" | tr '\n' ';')"
	grep -q 'try-restart facematch' "$root/systemctl.log" || die "a service that runs is not started again"
	! grep -E '(^| )(start|restart|enable) ' "$root/systemctl.log" || die "a service that does not run is started"
	# The first start of the new version brings the history up to date.
	check upgraded FACEMATCH_HOME=/home/clerk/older
	clerk FACEMATCH_HOME=/home/clerk/older facematch history verify
	clerk FACEMATCH_HOME=/home/clerk/older facematch history list --format csv > "$out/after.csv"
	grep -qxFf <(tail -n +2 "$out/before.csv") "$out/after.csv" || die "the history reads otherwise: before.csv, after.csv"
fi

step "remove and purge"
inside runuser -u facematch -- env FACEMATCH_HOME=/var/lib/facematch facematch serve token add "Counter 1" > /dev/null 2>&1
inside apt-get purge -y -q facematch facematch-models > "$out/purge.log" 2>&1 || die "see $out/purge.log"
grep '^facematch: ' "$out/purge.log"
for kept in /var/lib/facematch/data/history.db /home/clerk/.local/share/facematch/history.db; do
	[ -f "$root$kept" ] || die "$kept is gone"
done
[ ! -e "$root/usr/bin/facematch" ] || die "the program is still there"
[ -z "$differs" ] || die "$differs"
step "all of it is well"
