# Sourced by the scripts beside it: the Node.js that scripts/setup has brought into .node/, if any, comes before others.
own_node="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.node/node_modules/.bin"
if [ -x "$own_node/node" ]; then PATH="$own_node:$PATH"; fi
