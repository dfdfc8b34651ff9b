# make up      install, build, start the county and print its address
# make help    all targets
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
QUIET := --disable-pip-version-check --no-input -q
# uv where it is there; else pip, with how far it is on a terminal.
install = SECONDS=0; set -o pipefail; \
	if command -v uv >/dev/null 2>&1; then uv pip install -q --python $(PY) --require-hashes -r $(1); \
	elif [ -t 1 ]; then $(PY) -m pip install --disable-pip-version-check --no-input --progress-bar off --require-hashes -r $(1) \
	  | awk -v total="$$(grep -c '^[A-Za-z0-9].*==' $(1))" '/^(Collecting|Requirement already)/ {printf "\r\033[K  %d/%d %s", ++n, total, $$2 == "already" ? $$4 : $$2; fflush()} /^Installing/ {printf "\r\033[K  写入 %d 个包", n; fflush()} END {printf "\r\033[K"}'; \
	else $(PY) -m pip install $(QUIET) --require-hashes -r $(1); fi && echo "  $$SECONDS 秒"

# In a bundle everything lies beside this file: nothing is asked of the network.
ifneq ($(wildcard wheels/SHA256SUMS),)
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := wheels
export UV_OFFLINE := 1
export UV_NO_INDEX := 1
export UV_FIND_LINKS := wheels
endif

.PHONY: help up setup down test check bench drill bundle dev

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

up: setup ## install, start the county, print its address and (first time) two one-time links
	@$(PY) -m anlan up

setup: .venv/county.stamp .venv/front.stamp ## the same without starting

down: ## stop, keep everything
	@if [ -x $(PY) ]; then $(PY) -m anlan down; else echo "还没有安装，没有可停的"; fi

test: dev ## install and pass the tests; two at once, each with a database of its own
	@$(PY) -m pytest -q -n 2 $(ARGS)

check: dev ## lint, types, import contracts, packs, docs
	@$(PY) -m ruff check anlan phonebox player tests bench && $(PY) -m ruff format --check -q anlan phonebox player tests bench
	@$(PY) -m mypy
	@$(PY) anlan/faces/console/front/build.py check
	@$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()'
	@$(PY) -m anlan packs check
	@$(PY) -m pytest -q tests/docs

bench: dev ## measure beside the peers, one table; ARGS=--quick for small sizes
	@$(PY) -m bench $(ARGS)

drill: dev ## the stories, faults and attacks, all of them
	@$(PY) -m pytest -q tests/drills tests/faults $(wildcard tests/attacks) tests/browser/test_axe.py --drill $(ARGS)
	@ANLAN_GUESSES=10000 $(PY) -m pytest -q tests/attacks/test_guesses.py

# The same Python and processor are needed where it is unpacked: wheels are made for one of each.
BUNDLE = anlan-$(shell $(PY) -c 'import sys, platform, tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"], "py%d%d" % sys.version_info[:2], platform.machine(), sep="-")')

bundle: setup ## one archive for a machine without network: source, wheels, built screen
	@command -v git >/dev/null && git rev-parse --git-dir >/dev/null 2>&1 || { echo "要在 git 检出的目录里做"; exit 3; }
	@rm -rf build/bundle build/$(BUNDLE).tar.gz; mkdir -p build/bundle/anlan/wheels
	@echo "收集源码、界面和依赖包（第一次约一分钟）"
	@SECONDS=0; set -e -o pipefail; \
	 git ls-files -z | tar --null -T - -cf - | tar -xf - -C build/bundle/anlan; \
	 find anlan/faces/console/static/console anlan/faces/console/locale -type f -print0 | tar --null -T - -cf - | tar -xf - -C build/bundle/anlan; \
	 $(PY) -m pip download $(QUIET) --only-binary :all: --require-hashes -r requirements/county.txt -d build/bundle/anlan/wheels; \
	 $(PY) -m pip download $(QUIET) --only-binary :all: $(shell $(PY) -c 'import tomllib; print(*map(repr, tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"]))') 'editables~=0.3' -d build/bundle/anlan/wheels; \
	 (cd build/bundle/anlan/wheels && sha256sum -- *.whl > SHA256SUMS); \
	 tar -czf build/$(BUNDLE).tar.gz -C build/bundle anlan; rm -rf build/bundle; \
	 (cd build && sha256sum $(BUNDLE).tar.gz > $(BUNDLE).tar.gz.sha256); \
	 echo "  build/$(BUNDLE).tar.gz  $$(du -m build/$(BUNDLE).tar.gz | cut -f1) MB  $$SECONDS 秒"; \
	 echo "  拷到那台机器：tar -xzf $(BUNDLE).tar.gz && cd anlan && make up"

dev: .venv/dev.stamp .venv/front.stamp

# A virtual environment counts as made only with its pip: one that was interrupted is made anew.
.venv/made.stamp:
	@if [ -x $(PY) ] && $(PY) -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	 if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	   echo "需要 Python 3.11 或更高：apt-get install python3.11，或 make up PYTHON=/位置/python3.11"; exit 3; fi; \
	 if ! "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
	   echo "缺少 venv 模块：apt-get install $$("$(PYTHON)" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; exit 3; fi; \
	 echo "建立虚拟环境 .venv"; \
	 "$(PYTHON)" -m venv --clear .venv || { echo "没有建成 .venv（原因见上）：请看磁盘余量（df -h .）和本目录能不能写（ls -ld .），改正后再运行 make up"; exit 3; }; \
	 touch $@

.venv/county.stamp: .venv/made.stamp requirements/county.txt pyproject.toml
	@echo "安装依赖（第一次约一分钟）"
	@$(call install,requirements/county.txt) || { echo "安装没有完成（原因见上）：请检查网络和磁盘（df -h .）后再运行 make setup，会从中断处继续"; exit 3; }
	@$(PY) -m anlan.faces.console.words
	@touch $@

FRONT := $(shell find anlan/faces/console/front -type f -not -path '*/node_modules/*' -not -name '*.pyc' -not -name '*.md')

.venv/front.stamp: .venv/county.stamp $(FRONT) anlan/faces/console/locale/en/LC_MESSAGES/django.po
	@if [ -f wheels/SHA256SUMS ]; then echo "装上界面"; else echo "构建界面（第一次约半分钟，要连 npm）"; fi
	@rm -f build/front-said.txt; mkdir -p build
	@SECONDS=0; if command -v uv >/dev/null 2>&1; then uv pip install -q --python $(PY) --no-deps -e . 2>build/front.log; \
	 else $(PY) -m pip install $(QUIET) --no-deps -e . 2>build/front.log; fi \
	 || { cat build/front-said.txt 2>/dev/null || tail -n 20 build/front.log; echo; exit 3; }; echo "  $$SECONDS 秒"
	@$(PY) -m anlan.faces.console.words
	@touch $@

.venv/dev.stamp: .venv/county.stamp requirements/dev.txt
	@echo "安装测试工具"
	@$(call install,requirements/dev.txt) || { echo "测试工具没有装完（原因见上）：请检查网络和磁盘（df -h .）后再运行一次"; exit 3; }
	@touch $@
