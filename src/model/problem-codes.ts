/** Who can fix the problems of a code: `both` where it depends on the place. */
interface KnownProblem {
  readonly kind: 'input' | 'environment' | 'both';
  /** In general; a problem's own cause names the things that it is about. */
  readonly cause: string;
  readonly remedy: string;
}

/** Every code of a problem, in alphabetical order. `docs/problems.md` is made of it: `npm run docs`. */
export const PROBLEM_CODES = {
  'answer-too-large': {
    kind: 'environment',
    cause: 'The controller answered with more than labctl reads.',
    remedy: 'See whether a Floodlight controller answers at this address, and not another program.',
  },
  'bad-controller-url': {
    kind: 'input',
    cause: 'The address of the controller is not a URL of http or https.',
    remedy: 'Write it as http://127.0.0.1:8080.',
  },
  'binary-to-terminal': {
    kind: 'input',
    cause: 'A capture file was to be written to a terminal, which cannot show it.',
    remedy: 'Pipe it into a program such as wireshark, or leave -w out to read packets as text.',
  },
  'cache-not-emptied': {
    kind: 'environment',
    cause: 'Open vSwitch was told to forget how it treated packets before, and did not.',
    remedy: 'See `labctl status` for whether the lab is up.',
  },
  'cannot-run-program': {
    kind: 'environment',
    cause: 'A Mininet topology is a program, and this machine cannot run it safely.',
    remedy: 'Follow the remedy in the message; `labctl doctor` checks the machine.',
  },
  'cannot-watch': {
    kind: 'environment',
    cause: 'The operating system refused to watch a folder for changes.',
    remedy: 'Leave --watch out, or raise fs.inotify.max_user_watches.',
  },
  'capture-ended': {
    kind: 'environment',
    cause: 'tcpdump ended by itself.',
    remedy: 'Read what it said; `labctl ls` shows whether the lab still runs.',
  },
  'compressed-answer': {
    kind: 'environment',
    cause: 'The controller sent a compressed answer, which labctl did not ask for.',
    remedy: 'Give the address of the controller itself, not of a proxy in front of it.',
  },
  'connection-closed': {
    kind: 'environment',
    cause: 'The controller closed the connection before its answer was complete.',
    remedy: 'See whether the controller still runs, and its log; then try again.',
  },
  'container-ended': {
    kind: 'environment',
    cause: "Floodlight's container ended, either before it answered or while the lab was up.",
    remedy:
      'See whether the image is one of Floodlight, or take the embedded controller; of a lab that was up, `labctl down` and `labctl up` start both again.',
  },
  'container-left': {
    kind: 'environment',
    cause: "Floodlight's container or its network could not be removed.",
    remedy: 'Remove it with the command in the message.',
  },
  'container-of-this-name': {
    kind: 'environment',
    cause: 'Another lab of this name runs its controller in a container.',
    remedy: 'Give this lab another name with --lab, or remove the container if its lab is gone.',
  },
  'container-timeout': {
    kind: 'environment',
    cause: "Floodlight's container did not answer in time.",
    remedy: 'See whether the image is one of Floodlight, or take the embedded controller.',
  },
  containerlab: {
    kind: 'input',
    cause: 'A file is not a containerlab topology, or a link in it is not correct.',
    remedy: 'Correct the place in the file, or name the format of the file with --as.',
  },
  controller: {
    kind: 'input',
    cause: 'The value is neither a kind of controller nor the URL of one.',
    remedy: 'Write auto, embedded, floodlight, or a URL such as http://127.0.0.1:8080.',
  },
  'controller-error': {
    kind: 'environment',
    cause: 'The controller answered a request with an error of its own.',
    remedy: "See the controller's log.",
  },
  'controller-in-use': {
    kind: 'environment',
    cause: 'The controller already has switches with the same DPIDs. One Floodlight serves one lab at a time.',
    remedy: 'End the lab that the switches belong to, or take another controller.',
  },
  'controller-refused': {
    kind: 'environment',
    cause: 'Nothing listens at the address of the controller.',
    remedy: 'Start the controller, or give its right address and port.',
  },
  'controller-timeout': {
    kind: 'environment',
    cause: 'The controller did not answer in time.',
    remedy: 'Restart a Floodlight that answers nothing any more; its log says why.',
  },
  'controller-unknown-host': {
    kind: 'environment',
    cause: 'No machine is known by the name in the address of the controller.',
    remedy: "Correct the controller's address, or give it as a number.",
  },
  'controller-unreachable': {
    kind: 'environment',
    cause: 'The controller cannot be reached.',
    remedy: 'See whether it still runs, and its address.',
  },
  'down-already': {
    kind: 'input',
    cause: 'A scenario takes down a link or switch that is down at this step.',
    remedy: 'Heal it before, or leave it out.',
  },
  'duplicate-address': {
    kind: 'input',
    cause: 'Two interfaces have the same IPv4 address.',
    remedy: 'Give each an address of its own.',
  },
  'duplicate-connection': {
    kind: 'input',
    cause: 'The same hosts are connected twice in a spec.',
    remedy: 'Remove one of the connections.',
  },
  'duplicate-dpid': {
    kind: 'input',
    cause: 'Two switches have the same DPID.',
    remedy: 'Give each switch a dpid of its own.',
  },
  'duplicate-entry': {
    kind: 'input',
    cause:
      'Two entries that are pushed together have the same place in a switch: the same group id, or the same table, priority and match.',
    remedy: 'Leave one of them out, or change it.',
  },
  'duplicate-entry-name': {
    kind: 'input',
    cause: 'Two entries that are pushed together have the same name. Names are unique over all switches.',
    remedy: 'Rename one of them.',
  },
  'duplicate-host': { kind: 'input', cause: 'A connection names a host twice.', remedy: 'Name each host once.' },
  'duplicate-interface': {
    kind: 'input',
    cause: 'A host has two interfaces at one port, or two of one VLAN there.',
    remedy: 'Give each its own port or VLAN, and further addresses of one under addresses.',
  },
  'duplicate-mac': {
    kind: 'input',
    cause: 'Two interfaces have the same MAC address.',
    remedy: 'Give each a mac of its own.',
  },
  'duplicate-name': {
    kind: 'input',
    cause: 'Two hosts or switches have the same name. Hosts and switches share one set of names.',
    remedy: 'Choose another name.',
  },
  'duplicate-node': {
    kind: 'input',
    cause: 'Two nodes of an imported graph have the same id.',
    remedy: 'Give each node an id of its own.',
  },
  'duplicate-pair': {
    kind: 'input',
    cause: 'An expectation names a pair of hosts twice.',
    remedy: 'Remove one of them.',
  },
  'duplicate-port': {
    kind: 'input',
    cause: 'Two links have the same port of a node.',
    remedy: 'Choose another port, or leave ports out: they then follow the order of the links.',
  },
  'duplicate-route': {
    kind: 'input',
    cause: 'A host has two routes to one subnet, or a route to a subnet in which it has an address.',
    remedy: 'Leave one of them out.',
  },
  'edge-to-nowhere': {
    kind: 'input',
    cause: 'An edge of an imported graph ends at a node that is not there.',
    remedy: 'Correct the end of the edge, or add the node.',
  },
  'edge-without-end': {
    kind: 'input',
    cause: 'An edge of an imported graph has no source or no target.',
    remedy: 'Give it the id of a node.',
  },
  'endless-copies': {
    kind: 'input',
    cause: 'Entries send copies of packets round in a circle of switches, for ever. It is a warning.',
    remedy: 'Forward to one port in place of flood, all or several outputs, or break the circle.',
  },
  'entries-left': {
    kind: 'environment',
    cause: "The lab's entries could not be removed from the controller when the lab ended.",
    remedy: 'Nothing: the next `labctl up` on this controller clears them.',
  },
  'entry-did-not-arrive': {
    kind: 'environment',
    cause: 'The controller accepted an entry, but the switch does not hold it.',
    remedy: "See the controller's log, whether the switch is connected, and whether the controller is its MASTER.",
  },
  'entry-not-deleted': {
    kind: 'environment',
    cause: 'The controller refused to delete an entry.',
    remedy: "See the controller's log.",
  },
  'entry-still-there': {
    kind: 'environment',
    cause: 'An entry was deleted, but the controller still lists it or the switch still holds it.',
    remedy: 'See whether the switch is connected, and delete the entry again.',
  },
  'gml-syntax': { kind: 'input', cause: 'A file is not valid GML.', remedy: 'Correct the place in the file.' },
  graphml: { kind: 'input', cause: 'A file is not valid GraphML.', remedy: 'Correct the place in the file.' },
  'half-removed': {
    kind: 'environment',
    cause: 'A command that removes entries stopped halfway.',
    remedy: 'Give the command again: it goes on where it stopped.',
  },
  'harmful-entry': {
    kind: 'input',
    cause: 'The controller would hang, or lose other entries, if it got this entry.',
    remedy: 'Change the entry as the message says.',
  },
  'image-not-pulled': {
    kind: 'environment',
    cause: "Docker could not pull Floodlight's image.",
    remedy: 'Read what Docker said, or take the embedded controller.',
  },
  'import-options': {
    kind: 'input',
    cause: 'The options of an import do not fit the file.',
    remedy: 'Follow the remedy in the message; see `labctl import --help`.',
  },
  'import-size': {
    kind: 'input',
    cause: 'An imported network has no switch or no host, or is larger than labctl reads.',
    remedy: 'Import another network, or change --hosts-per-node.',
  },
  'import-too-large': {
    kind: 'input',
    cause: 'A file to import has more bytes than labctl reads.',
    remedy: 'Import a smaller network.',
  },
  iperf3: {
    kind: 'environment',
    cause: 'iperf3 did not run on a host.',
    remedy: 'See what it says itself: `labctl exec HOST -- iperf3 --server --one-off`.',
  },
  'json-depth': {
    kind: 'input',
    cause: 'A JSON file is nested too deeply to be read.',
    remedy: 'Write it flatter: a graph needs three levels.',
  },
  'json-syntax': { kind: 'input', cause: 'A file is not valid JSON.', remedy: 'Correct the place in the file.' },
  'lab-gone': {
    kind: 'environment',
    cause: 'The lab ended during a command.',
    remedy: 'Give `labctl down`, then `labctl up`.',
  },
  'lab-name': {
    kind: 'input',
    cause: 'A lab is named with up to 30 lower-case letters, digits and -, and does not begin with -.',
    remedy: 'Correct the name; `labctl ls` shows the names of labs.',
  },
  'lab-process-died': {
    kind: 'environment',
    cause: "The lab's process died while the lab came up.",
    remedy: 'Check the machine with `labctl doctor`.',
  },
  'lab-starting': {
    kind: 'input',
    cause: 'The lab is still coming up.',
    remedy: 'Wait until its `labctl up` is done.',
  },
  'link-to-itself': {
    kind: 'input',
    cause: 'A link goes from a node to itself.',
    remedy: 'Correct one end, or remove the link.',
  },
  'link-to-nowhere': {
    kind: 'input',
    cause: 'A link ends at a node that is not there.',
    remedy: 'Correct the name, or add it to hosts or switches.',
  },
  'links-missing': {
    kind: 'environment',
    cause: 'Floodlight did not discover all links between switches.',
    remedy: "See the controller's log, and whether its LinkDiscovery module is loaded.",
  },
  locked: {
    kind: 'environment',
    cause: 'Another labctl command has been starting or ending this lab for a minute.',
    remedy: 'Wait until it is done.',
  },
  'lone-router': {
    kind: 'input',
    cause: 'A host forwards, and has fewer than two addresses, so that there is nothing to forward between.',
    remedy: 'Give it an address in each of its subnets, or leave forward out.',
  },
  'long-interface-name': {
    kind: 'input',
    cause: 'The name of an interface would be longer than Linux allows.',
    remedy: 'Give the node a shorter name.',
  },
  'long-name': {
    kind: 'input',
    cause: 'The name of a host or switch is too long. Linux names interfaces after it.',
    remedy: 'Choose a shorter name.',
  },
  'long-socket-path': {
    kind: 'environment',
    cause: 'The path of a Unix socket would be longer than Linux allows.',
    remedy: 'Set LABCTL_RUN_DIR to a folder with a shorter path, or give the lab a shorter name with --lab.',
  },
  'many-paths': { kind: 'input', cause: 'More paths were asked for than labctl shows.', remedy: 'Give a smaller --k.' },
  'missing-key': {
    kind: 'input',
    cause: 'A key that is needed is missing in a spec.',
    remedy: 'Add it; topologies/s10h10.yaml is an example.',
  },
  'missing-program': {
    kind: 'environment',
    cause: 'A program of Open vSwitch is not installed.',
    remedy: 'Install Open vSwitch: the package openvswitch-switch on Debian and Ubuntu.',
  },
  'missing-requirement': {
    kind: 'environment',
    cause: 'The machine lacks something that a lab or a command needs.',
    remedy: 'Install it as the message says; `labctl doctor` shows all that is missing.',
  },
  'more-problems': {
    kind: 'input',
    cause: 'A spec has more problems than are shown.',
    remedy: 'Fix those that are shown first.',
  },
  'name-and-all': {
    kind: 'input',
    cause: '`labctl down` was given both a name and --all.',
    remedy: 'Give one of the two.',
  },
  'name-taken': {
    kind: 'input',
    cause:
      'An entry has the name of another entry, on another switch or of another kind, which the controller would drop.',
    remedy: 'Choose another name, or delete the other entry first.',
  },
  'no-address': {
    kind: 'input',
    cause: 'A host has no address, by which others could reach it.',
    remedy: 'Give it a link and an address in the spec.',
  },
  'no-compose': {
    kind: 'environment',
    cause: 'Docker Compose is not installed.',
    remedy: 'Install docker-compose (on Ubuntu: docker-compose-v2).',
  },
  'no-compose-file': {
    kind: 'environment',
    cause: 'The compose file that starts Floodlight is missing from the installation.',
    remedy: 'Install labctl again.',
  },
  'no-docker': {
    kind: 'environment',
    cause: 'Docker is not installed.',
    remedy: 'Install Docker, or take the embedded controller.',
  },
  'no-dpid': {
    kind: 'input',
    cause: "No DPID can be derived from a switch's name, as the name has no number.",
    remedy: 'Give the switch a dpid.',
  },
  'no-engine': {
    kind: 'environment',
    cause: "Docker's engine does not answer.",
    remedy: 'Start it, or get the right to use it, as the message says; or take the embedded controller.',
  },
  'no-flock': {
    kind: 'environment',
    cause: 'A lab cannot be locked, as the program flock does not work.',
    remedy: 'Install util-linux, which has it.',
  },
  'no-free-port': {
    kind: 'environment',
    cause: 'No port is free for the controller.',
    remedy: 'End a program that listens on one of them, or choose another first port.',
  },
  'no-graph': {
    kind: 'input',
    cause: 'A GML file has no graph.',
    remedy: 'Name the format of the file with --as, or give another file.',
  },
  'no-groups': {
    kind: 'environment',
    cause: 'An entry needs a group, and this Floodlight sends groups to no switch.',
    remedy: 'Take a newer Floodlight, or the embedded controller.',
  },
  'no-image': {
    kind: 'environment',
    cause: "Docker's engine does not have Floodlight's image.",
    remedy: 'Pull it with the command in the message, or take the embedded controller.',
  },
  'no-lab': {
    kind: 'input',
    cause: 'The lab is not running.',
    remedy: 'Start it with `labctl up`; `labctl ls` shows the labs that run.',
  },
  'no-path': {
    kind: 'input',
    cause: 'There is no path between two hosts, or none that passes and avoids what it has to.',
    remedy: 'Add a link, name other hosts, or ask for another path; `labctl paths` shows those that there are.',
  },
  'no-path-via': {
    kind: 'input',
    cause: 'No path was found through the switches that are named.',
    remedy: 'Name other switches, or fewer, or in another order; `labctl net` shows the links.',
  },
  'no-program': {
    kind: 'environment',
    cause: 'A program that a step of a scenario needs could not be started.',
    remedy: 'Install it, or see whether it may be run.',
  },
  'no-scenario': {
    kind: 'input',
    cause: 'There is no scenario to run.',
    remedy: 'Add one under scenarios: in the spec; topologies/s10h10.yaml is an example.',
  },
  'no-specs': {
    kind: 'input',
    cause: 'There is no spec in a folder.',
    remedy: 'Name a file, or a folder with files that end in .yaml or .yml.',
  },
  'no-static-entry-pusher': {
    kind: 'environment',
    cause: 'The controller has no Static Entry Pusher.',
    remedy: 'Take a Floodlight that has it, or the embedded controller.',
  },
  'no-such-connection': {
    kind: 'input',
    cause: 'These hosts are not a connection of their own.',
    remedy: 'Name the hosts of a connection; `labctl status` shows the connections.',
  },
  'no-such-scenario': {
    kind: 'input',
    cause: 'No spec has a scenario of this name.',
    remedy: 'Name one of those that the message lists.',
  },
  'no-such-spec': {
    kind: 'input',
    cause: 'There is no spec of this name, and no such file.',
    remedy: 'Name a file, or one of the specs that the message lists.',
  },
  'no-such-topology': {
    kind: 'input',
    cause: 'There is no topology of this name to make a spec from.',
    remedy: 'Choose one of those that `labctl new` lists.',
  },
  'no-trace': {
    kind: 'environment',
    cause: 'Open vSwitch did not trace a packet.',
    remedy: 'See `labctl status` for whether the lab is up.',
  },
  'node-link': {
    kind: 'input',
    cause: 'A JSON file is not a node-link graph, or a node or an edge in it is not correct.',
    remedy: 'Write it as {"nodes": [{"id": 1}], "links": [{"source": 1, "target": 2}]}.',
  },
  'node-without-id': { kind: 'input', cause: 'A node of an imported graph has no id.', remedy: 'Give it one.' },
  'not-a-pair': {
    kind: 'input',
    cause: 'Two hosts are expected, and something else was written.',
    remedy: 'Write two hosts: `--measure h1 h9` on the command line, `h1 -> h2: ok` in a spec.',
  },
  'not-cleared': {
    kind: 'environment',
    cause: "The controller refused to delete a switch's entries.",
    remedy: "See the controller's log.",
  },
  'not-down': {
    kind: 'input',
    cause: 'A scenario heals a link or switch that is not down at this step.',
    remedy: 'Name what is down, or leave the step out.',
  },
  'not-generated': {
    kind: 'input',
    cause: 'A spec leaves out a host, switch or link that generate does not make.',
    remedy: 'Write a node such as s1, or a link by its ends such as s1-s2.',
  },
  'not-http': {
    kind: 'environment',
    cause: 'What answers at the address of the controller does not speak HTTP.',
    remedy: "Give the port of the controller's REST interface, which is 8080 by default.",
  },
  'not-json': {
    kind: 'environment',
    cause: "The controller's answer is not JSON.",
    remedy: 'See whether a Floodlight controller answers at this address, and its log.',
  },
  'not-master': {
    kind: 'environment',
    cause: 'The controller is not the master of a switch, so that entries would not reach it.',
    remedy: 'Make it the master with `labctl role MASTER`.',
  },
  'not-repaired': {
    kind: 'environment',
    cause: 'A link or switch is down or up again, but some connections could not be updated.',
    remedy: 'Try again with `labctl heal`.',
  },
  'not-text': {
    kind: 'input',
    cause: 'A file is not text, or not in the encoding that it should have.',
    remedy: 'Save it as UTF-8, or name another file.',
  },
  'nothing-changed': {
    kind: 'input',
    cause: 'A link of a spec is one that generate makes already, and changes nothing of it.',
    remedy: 'Say what the link has, such as its bandwidth, or leave it out.',
  },
  'nothing-generated': {
    kind: 'input',
    cause: 'A spec has without, and no generate to take it from.',
    remedy: 'Remove the parts from hosts, switches and links.',
  },
  'nothing-left': {
    kind: 'input',
    cause: 'A spec leaves out all hosts or all switches that generate makes.',
    remedy: 'Leave one of them in.',
  },
  'nothing-to-verify': {
    kind: 'input',
    cause: '--verify asks the switches of a running lab, and only about the entries that they hold.',
    remedy: 'Start the lab first, and leave --with and --without out.',
  },
  'one-host': { kind: 'input', cause: 'Two different hosts are needed, and one was named.', remedy: 'Name two hosts.' },
  'one-matrix': {
    kind: 'input',
    cause: 'An expectation has more than one form, or none: groups, pingall, or pairs.',
    remedy: 'Write one of them, and the others as steps of their own.',
  },
  'one-verb': {
    kind: 'input',
    cause: 'A step of a scenario has more than one verb, or none.',
    remedy: 'Make each verb a step of its own, with a dash before it.',
  },
  'openflow-unreachable': {
    kind: 'environment',
    cause: 'The controller accepts no switches at its OpenFlow port.',
    remedy: "Give the controller's OpenFlow port with --openflow-port. Floodlight's own is 6653.",
  },
  'other-subnet': {
    kind: 'input',
    cause: 'A connection names two hosts that have no addresses in one subnet. No router is on its paths.',
    remedy: 'Connect hosts of one subnet. Hosts in no connection reach each other by routers as before.',
  },
  'outside-link': {
    kind: 'input',
    cause: 'A host that is to be connected has a link to a host outside the connection, without a switch between them.',
    remedy: 'Connect that host too, or leave this one out.',
  },
  'own-route': { kind: 'input', cause: 'A host has itself as its router.', remedy: 'Write the address of another.' },
  'place-taken': {
    kind: 'input',
    cause: 'An entry has the place of another one in a switch, which would silently be replaced.',
    remedy: 'Change its priority or match, push it under the name of the other, or delete the other first.',
  },
  'port-taken': {
    kind: 'environment',
    cause: 'Another program listens on a port that Floodlight needs.',
    remedy: 'End the program, or choose other ports.',
  },
  redirected: {
    kind: 'environment',
    cause: 'The address of the controller leads elsewhere.',
    remedy: 'Give the address of the controller itself.',
  },
  'request-refused': {
    kind: 'environment',
    cause: 'The controller refused a request.',
    remedy: "Change what the message names; the controller's log may say more.",
  },
  'reserved-name': { kind: 'input', cause: 'A name means something else in labctl.', remedy: 'Choose another name.' },
  role: {
    kind: 'input',
    cause: 'The embedded controller is always the master of its switches.',
    remedy: 'Take Floodlight to see other roles: `labctl up --controller floodlight`.',
  },
  'role-not-set': {
    kind: 'environment',
    cause: 'The controller did not take the role on every switch.',
    remedy: "See whether the switches are connected, and the controller's log.",
  },
  'route-by-nobody': {
    kind: 'input',
    cause: 'A route of a host leads by an address that no host has. It is a warning.',
    remedy: 'Correct the address, or let entries of a switch answer ARP for it.',
  },
  'routed-ways': {
    kind: 'input',
    cause: 'A connection says which path it takes and also that it is spread or protected. A given path is one path.',
    remedy: 'Leave one of the two out.',
  },
  'run-folder': {
    kind: 'environment',
    cause: 'The folder for running labs cannot be used.',
    remedy: 'Set LABCTL_RUN_DIR to a folder of your own with a short path.',
  },
  'sandbox-failed': {
    kind: 'environment',
    cause: "The lab's network could not be started, or it failed later.",
    remedy: 'Follow the remedy in the message; `labctl doctor` checks the machine.',
  },
  'scenario-name': {
    kind: 'input',
    cause: 'A scenario is named in up to 100 characters, without control characters.',
    remedy: 'Choose a name such as tutorial.',
  },
  'several-labs': {
    kind: 'input',
    cause: 'Several labs are there, and the command does not say which one it is for.',
    remedy: 'Name one with --lab, or as the argument of `labctl down`.',
  },
  'several-questions': {
    kind: 'input',
    cause: 'Several options of `labctl paths` each ask for other paths.',
    remedy: 'Give one of them.',
  },
  simulated: {
    kind: 'input',
    cause: 'A simulated network has no Open vSwitch, no OpenFlow and no processes, so that it cannot do this.',
    remedy: 'Take a real network: `labctl up --dataplane mininet`.',
  },
  'spec-changed': {
    kind: 'input',
    cause: 'The lab is running with a different spec.',
    remedy: 'Replace it with `labctl up --reconfigure`, or run both with --lab.',
  },
  'spec-too-large': { kind: 'input', cause: 'A spec has more than 1 MiB.', remedy: 'Describe one lab in a file.' },
  'start-commands-unforeseen': {
    kind: 'input',
    cause: 'A prediction of a spec leaves out what start commands change on their hosts. It is a warning.',
    remedy:
      'Run the lab: a prediction of a running lab asks its hosts. Write addresses, routes and `arp` into the spec.',
  },
  'start-failed': {
    kind: 'input',
    cause: "A command under a host's start: ended with an error.",
    remedy: 'Fix the command; where it may fail, end it with || true.',
  },
  'swallows-lldp': {
    kind: 'input',
    cause:
      'An entry also matches LLDP, the frames that show Floodlight its links. Floodlight then loses the links at these ports.',
    remedy: 'Match eth_type as well: 0x0800 for IPv4, and 0x0806 for ARP with an entry of its own.',
  },
  'switch-away': {
    kind: 'environment',
    cause: 'A switch is not connected to the controller, which would throw away what is meant for it.',
    remedy: 'Wait until `labctl status` shows it again.',
  },
  'switch-refused': {
    kind: 'both',
    cause: 'A switch, or the program that speaks to it, refuses an entry, or would.',
    remedy: 'Change the entry as the message says.',
  },
  'switch-unreachable': {
    kind: 'environment',
    cause: 'A switch cannot be reached.',
    remedy: 'See whether it is stopped, and whether the lab still runs.',
  },
  'switches-missing': {
    kind: 'environment',
    cause: 'Not all switches connected to Floodlight.',
    remedy: "See the controller's log, and whether --openflow-port is this controller's.",
  },
  'too-many-expectations': {
    kind: 'input',
    cause: 'A spec has more expectations than fit into memory with so many hosts.',
    remedy: 'Leave some out, or name one in several steps.',
  },
  'too-many-faults': {
    kind: 'input',
    cause: 'More links or switches were to go down at random than are up.',
    remedy: 'Give a smaller --count; `labctl fault clear` ends the faults that there are.',
  },
  'topology-program': {
    kind: 'input',
    cause: 'A Mininet topology program failed, or describes no network.',
    remedy: 'Fix the program at the line in the message.',
  },
  'two-forms': {
    kind: 'input',
    cause: 'A host lists its interfaces, and says something of the first one beside that list.',
    remedy: 'Write it in the first of interfaces.',
  },
  'two-ways': {
    kind: 'input',
    cause: 'A connection spreads over all shortest paths, or keeps another in reserve, not both.',
    remedy: 'Choose --multipath or --protect.',
  },
  'unexpected-answer': {
    kind: 'environment',
    cause: 'The controller answered in another form than Floodlight does.',
    remedy: 'See whether a Floodlight controller answers at this address, and not another program.',
  },
  unforeseen: {
    kind: 'environment',
    cause: 'Something failed that labctl did not foresee. This is a defect of labctl.',
    remedy: 'Report it, with what you did and what labctl printed.',
  },
  unheard: {
    kind: 'environment',
    cause: 'The machine was too busy to tell whether pairs of hosts reach each other, or its neighbour table was full.',
    remedy: 'Run fewer labs at once, or raise net.ipv4.neigh.default.gc_thresh3.',
  },
  'unknown-command': {
    kind: 'input',
    cause: 'The lab was started by another version of labctl, which does not know this command.',
    remedy: 'Give `labctl down`, then `labctl up`.',
  },
  'unknown-entry': {
    kind: 'input',
    cause: 'There is no entry of this name.',
    remedy: 'See `labctl entries list` for the names.',
  },
  'unknown-expectation': {
    kind: 'input',
    cause: 'The spec has no expectation of this name.',
    remedy: 'Name one of those that the message lists, or add it under expect: in the spec.',
  },
  'unknown-fault': {
    kind: 'input',
    cause: 'There is no such link or switch.',
    remedy: 'Name a switch, a link by its two ends, such as s1-s3, or one of several links by a port, such as s1:3.',
  },
  'unknown-format': {
    kind: 'input',
    cause: 'Neither the name of a file nor how it begins says what format it has.',
    remedy: 'Name the format with --as.',
  },
  'unknown-group': {
    kind: 'input',
    cause: 'An entry uses a group that its switch does not have.',
    remedy: 'Push the group too.',
  },
  'unknown-host': {
    kind: 'input',
    cause: 'There is no host of this name.',
    remedy: 'Correct the name, or add it to hosts.',
  },
  'unknown-interface': {
    kind: 'input',
    cause: 'There is no such interface, or a node has several.',
    remedy: 'Name one of those that the message lists.',
  },
  'unknown-key': {
    kind: 'input',
    cause: 'A spec has a key that means nothing there.',
    remedy: 'Correct its spelling, or remove it.',
  },
  'unknown-link': {
    kind: 'input',
    cause: 'There is no link between these two, or none at this port.',
    remedy: 'Name the ends of a link, or a port of one; `labctl net` shows the links.',
  },
  'unknown-log': {
    kind: 'input',
    cause: 'The lab has no log of this name.',
    remedy: 'Name one of those that the message lists.',
  },
  'unknown-part': {
    kind: 'input',
    cause: 'A spec names a switch or link that is not there.',
    remedy: 'Write a switch such as s3, a link by its ends such as s1-s3, or one of several links such as s1:3.',
  },
  'unknown-port': {
    kind: 'input',
    cause: 'An entry names a port that its switch does not have.',
    remedy: 'Name one of the ports that the message lists.',
  },
  'unknown-resource': {
    kind: 'environment',
    cause: "The controller's REST interface has no such resource.",
    remedy: 'See whether a Floodlight controller answers at this address; an older Floodlight may lack the resource.',
  },
  'unknown-switch': {
    kind: 'both',
    cause: 'There is no switch of this name or DPID, or it is not connected to the controller.',
    remedy: 'Correct the name. DPIDs are hexadecimal: s10 has 00:00:00:00:00:00:00:0a.',
  },
  'unreachable-route': {
    kind: 'input',
    cause: 'The router of a host is in none of its subnets.',
    remedy: 'Write an address in one of them, or give the host an address beside that router.',
  },
  'unreadable-entries': {
    kind: 'input',
    cause: 'A file of entries cannot be read, is not JSON, or holds no entry.',
    remedy: 'Give entries as curl -d sends them to the Static Entry Pusher.',
  },
  'unreadable-flow': {
    kind: 'environment',
    cause: 'A switch holds an entry that labctl did not put there and cannot read.',
    remedy: 'Remove it from the switch, for example with ovs-ofctl.',
  },
  'unreadable-folder': { kind: 'input', cause: 'A folder cannot be read.', remedy: 'Name a folder that you may read.' },
  'unreadable-import': {
    kind: 'input',
    cause: 'A file to import cannot be read.',
    remedy: 'Name a file that you may read, or - for standard input.',
  },
  'unreadable-spec': { kind: 'input', cause: 'A spec cannot be read.', remedy: 'Name a file that you may read.' },
  'unreadable-statistics': {
    kind: 'environment',
    cause: 'labctl cannot read what ovs-ofctl prints.',
    remedy: 'See whether `ovs-ofctl --version` is one that labctl supports.',
  },
  unwritable: {
    kind: 'both',
    cause: 'A file cannot be written.',
    remedy: 'Name a file in a folder where you may write.',
  },
  windows: {
    kind: 'environment',
    cause: 'labctl does not run on Windows itself.',
    remedy: 'Run it in the Windows Subsystem for Linux.',
  },
  'wrong-address': {
    kind: 'input',
    cause: 'A value is not an IPv4 address that a host can have.',
    remedy: 'Write it as 10.0.0.1/8, or that of a router without a prefix.',
  },
  'wrong-dpid': {
    kind: 'input',
    cause: 'A value is not a DPID.',
    remedy: 'Write it in hexadecimal and in quotes: "00:00:00:00:00:00:00:0a".',
  },
  'wrong-entry': {
    kind: 'input',
    cause: 'An entry is not one that the Static Entry Pusher takes.',
    remedy: 'Change the key that the message names.',
  },
  'wrong-filter': {
    kind: 'input',
    cause: 'tcpdump does not take the filter.',
    remedy: 'Write one such as: icmp or arp; see pcap-filter(7).',
  },
  'wrong-input': {
    kind: 'input',
    cause: 'A lab was given a command in a form that it does not know: another version of labctl started it.',
    remedy: 'End the lab with labctl down, and start it again with labctl up.',
  },
  'wrong-jitter': {
    kind: 'input',
    cause: 'The jitter of a link is more than its delay.',
    remedy: 'Write less jitter, or more delay.',
  },
  'wrong-mac': {
    kind: 'input',
    cause: 'A value is not the MAC address of a host.',
    remedy: 'Write a unicast address such as "00:00:00:00:00:01": its first octet is even.',
  },
  'wrong-matrix': {
    kind: 'input',
    cause: 'Pasted pingall output does not fit the hosts of the spec.',
    remedy: 'Write a line for every host, with the other hosts in the order of the spec, or X.',
  },
  'wrong-measurement': {
    kind: 'input',
    cause: 'A measurement in a scenario has one host, no bound, or bounds that exclude each other.',
    remedy: 'Write {from: h1, to: h3, at_least: 50}.',
  },
  'wrong-name': {
    kind: 'input',
    cause: 'The name for a new lab is not one that a lab can have.',
    remedy: 'Choose a name such as my-lab.',
  },
  'wrong-parameter': {
    kind: 'input',
    cause: 'A topology has no such parameter, or cannot have that value.',
    remedy: 'Give one of the parameters that `labctl new` lists, with a value in its range.',
  },
  'wrong-port': {
    kind: 'input',
    cause: 'A port number is out of range.',
    remedy: 'Choose a port in the range that the message gives, or leave ports out.',
  },
  'wrong-regex': {
    kind: 'input',
    cause: 'A text between slashes is not a regular expression.',
    remedy: 'Correct it, or write a text without a / at both ends.',
  },
  'wrong-time': {
    kind: 'input',
    cause: 'A value is not a time in the range that is allowed there.',
    remedy: 'Write it as 500 ms, 1.5 s or 2 min.',
  },
  'wrong-topology': {
    kind: 'input',
    cause: 'The parameters of a topology do not fit together, or make it too large.',
    remedy: 'Change the parameter that the message names.',
  },
  'wrong-value': {
    kind: 'input',
    cause: 'A value in a spec has another form than its key takes.',
    remedy: 'Write it as the message says; topologies/s10h10.yaml is an example.',
  },
  yaml: {
    kind: 'input',
    cause: 'A file is not valid YAML.',
    remedy: 'Correct the place in the file; what follows it may be right.',
  },
  'yaml-aliases': {
    kind: 'input',
    cause: 'The aliases (*name) of a YAML file expand to more than labctl reads.',
    remedy: 'Write the values out.',
  },
  'yaml-depth': {
    kind: 'input',
    cause: 'A YAML file is nested too deeply to be read.',
    remedy: 'Write it flatter: a spec needs four levels.',
  },
} as const satisfies Readonly<Record<string, KnownProblem>>;

/** The stable name of what is wrong, for programs. */
export type ProblemCode = keyof typeof PROBLEM_CODES;

/** The codes that problems of a kind can have. */
export type CodeOf<K extends 'input' | 'environment'> = {
  [C in ProblemCode]: (typeof PROBLEM_CODES)[C]['kind'] extends K | 'both' ? C : never;
}[ProblemCode];
