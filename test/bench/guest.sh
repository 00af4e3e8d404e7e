#!/bin/sh
# In the guest of guest.ts: two pppds, two linkds and two loops in C that copy between TUN and terminal, each pair over socat
# between two ptys, in six network namespaces. For each of $runs runs prints "bench: pppd MBIT", "bench: linkd MBIT" and
# "bench: copy MBIT", what TCP carries through each pair. $node and $linkd, and $copy, are what to start, $seconds how long a
# transfer takes.
set -e
ip link set lo up
for side in pa pb la lb ca cb; do ip netns add $side; done

inside() {
  side=$1
  shift
  nsenter --net=/run/netns/$side "$@"
}

socat pty,rawer,link=/run/pa.line pty,rawer,link=/run/pb.line &
socat pty,rawer,link=/run/la.line pty,rawer,link=/run/lb.line &
socat pty,rawer,link=/run/ca.line pty,rawer,link=/run/cb.line &
until [ -e /run/pb.line ] && [ -e /run/lb.line ] && [ -e /run/cb.line ]; do sleep 0.1; done

: >/etc/ppp/options
inside pa pppd "$(readlink /run/pa.line)" 4000000 local noauth nodetach nocrtscts 10.0.0.1:10.0.0.2 >/run/pa.log 2>&1 &
inside pb pppd "$(readlink /run/pb.line)" 4000000 local noauth nodetach nocrtscts 10.0.0.2:10.0.0.1 >/run/pb.log 2>&1 &

start_linkd() {
  cat >/run/$1.yaml <<EOF
links:
  peer:
    line: {serial: $(readlink /run/$1.line), speed: 100000000, flow: none, carrier: ignore}
    local: $2
    remote: $3
    compression: off
EOF
  inside $1 "$node" "$linkd" --config /run/$1.yaml --control /run/$1.sock --state-dir /run/$1.state >/run/$1.log 2>&1 &
}
start_linkd la 10.0.0.1 10.0.0.2
start_linkd lb 10.0.0.2 10.0.0.1

start_copy() {
  inside $1 "$copy" copy "$(readlink /run/$1.line)" &
  until inside $1 ip link set copy up txqueuelen 500 2>/dev/null; do sleep 0.1; done
  inside $1 ip address add $2 peer $3 dev copy
}
start_copy ca 10.0.0.1 10.0.0.2
start_copy cb 10.0.0.2 10.0.0.1

for pair in p l c; do
  tries=0
  until inside ${pair}a ping -c 1 -W 1 10.0.0.2 >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 60 ]; then
      tail -n 20 /run/${pair}[ab].log
      exit 1
    fi
    sleep 1
  done
  inside ${pair}b iperf3 -s >/run/${pair}.iperf 2>&1 &
done
sleep 2

transfer() {
  printf 'bench: %s ' "$1"
  inside $2 iperf3 -c 10.0.0.2 -t "$3" -O 1 -f m >/run/transfer
  sed -n 's|.* \([0-9.]*\) Mbits/sec.*receiver.*|\1|p' /run/transfer
}
# V8 compiles what is run often, which takes its time on such a processor.
transfer warm-up la 30
for _ in $(seq "$runs"); do
  transfer pppd pa "$seconds"
  transfer linkd la "$seconds"
  transfer copy ca "$seconds"
done
