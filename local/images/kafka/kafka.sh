#!/bin/sh
# Runs the one broker of the local MSK. Expects /etc/kafka/server.properties and /etc/kafka/admin (two lines: name and
# password of the first SCRAM user, who exists from format time on; KRaft has no other way to begin with authentication
# switched on). Data is in /var/lib/kafka.
#
# `kafka.sh train`, run while the image is built, writes the class archive (-XX:SharedArchiveFile).
set -eu
archive=/opt/kafka/classes.jsa
class_path=$(echo /opt/kafka/jars/*.jar | tr ' ' ':')
# Start time and memory count here, not throughput.
options="-Xms64m -Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dlog4j.configuration=file:/opt/kafka/log4j.properties"

format() {
  java $options -cp "$class_path" kafka.tools.StorageTool format --config "$1" \
    --cluster-id redkiteLocalMessages00 --add-scram "SCRAM-SHA-512=[name=$2,password=$3]"
}

if [ "${1:-}" = train ]; then
  work=$(mktemp -d)
  cat > "$work/server.properties" <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:19093
listeners=PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093
controller.listener.names=CONTROLLER
log.dirs=$work/data
END
  format "$work/server.properties" training training
  java $options -XX:ArchiveClassesAtExit=$archive -cp "$class_path" kafka.Kafka "$work/server.properties" > "$work/log" 2>&1 &
  broker=$!
  waited=0
  until grep -q 'Kafka Server started' "$work/log"; do
    waited=$((waited + 1))
    if [ $waited -gt 300 ] || ! kill -0 $broker; then cat "$work/log"; exit 1; fi
    sleep 0.2
  done
  kill -TERM $broker
  # A JVM that was asked to end by SIGTERM returns 143.
  wait $broker || [ $? = 143 ]
  rm -rf "$work"
  test -s $archive
  exit
fi

if [ ! -f /var/lib/kafka/meta.properties ]; then
  { read -r name; read -r password; } < /etc/kafka/admin
  format /etc/kafka/server.properties "$name" "$password"
fi
exec java $options -XX:SharedArchiveFile=$archive -cp "$class_path" kafka.Kafka /etc/kafka/server.properties
