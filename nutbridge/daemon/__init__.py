"""The monitor that runs for ever: ask the source, decide, write the port file, wait.

Time, waiting, source and port file are handed in. Nothing here decides what is true:
the status machine in ``ups.status`` does. No failure of a source, a disk or a name
service ends the loop.

``wiring`` puts a monitor together, ``runner`` keeps it going. To learn how it works,
read these functions in this order; each hands on to the next. A test follows a check
on both walks: nothing on the way is left out.

From the wire to ups.status, at every check::

    daemon.monitor.Monitor.tick           one check; no bug ends the loop
    daemon.monitor.Monitor._check
    daemon.monitor.Monitor._ask           an answer, or why there is none
    sources.enphase.source.EnphaseSource.grid           who is asked and believed
    sources.enphase.source.EnphaseSource._ask_relay
    sources.enphase.gateway.Gateway.insist              what helps after a 401
    net.worker.retrying                   a second try
    sources.enphase.gateway.Gateway.fetch
    sources.enphase.gateway.Gateway._send               the token, to ours alone
    net.https.HttpsDevice.send            one request, one answer or one error
    net.worker.Worker.call                by its deadline, whatever the device does
    net.worker.Worker._run                here another thread begins
    net.https.Connection.exchange         to the first address that answers
    net.https.Connection._once            who is there is seen before a byte is sent
    net.https._read                       nothing endless, nothing cut off
    net.jsonfields.parse_json
    sources.enphase.readings.Relay.from_json
    sources.enphase.facts.derive_grid     closed, open, or a word nobody knows
    ups.status.events.classify            closed, open, stale, odd, unfit, silent: once
    ups.status.events.check               that and its age make an event
    ups.status.events._apply              makes a state of it: TABLE, the law
    daemon.monitor.Monitor._carry_out     hide, keep or write
    daemon.monitor.Monitor._publish       OB at once, numbers when all are read
    ups.status.low.evaluate               the state makes OL or OB, here alone
    nut.numbers.nut_values
    nut.port_file.PortFilePublisher.publish
    nut.port_text.render                  ups.status is the last line
    nut.port_file.PortFile.write
    system.files.Folder.replace           the old file or the new one, never less

From the charge to LB, at every full poll::

    daemon.monitor.Monitor.tick
    daemon.monitor.Monitor._check
    daemon.monitor.Monitor._read_details  OB is written before this begins
    sources.enphase.source.EnphaseSource.details
    sources.enphase.details.Details.ask                 collects GatewayAnswers
    sources.enphase.details.Details._ask_secctrl
    sources.enphase.gateway.Gateway.fetch               goes on as above
    sources.enphase.readings.SecCtrl.from_json
    sources.enphase.facts.derive_facts    makes Facts of the answers, once
    daemon.monitor.Monitor._learn
    ups.status.battery.learn              what is believed (Memory)
    daemon.monitor.Monitor._publish
    ups.status.low.evaluate               LB, and what to show (Verdict)
    nut.numbers.nut_values                the numbers under their NUT names
    nut.port_file.PortFilePublisher.publish
    nut.port_text.render
    nut.port_file.PortFile.write
    system.files.Folder.replace
"""
