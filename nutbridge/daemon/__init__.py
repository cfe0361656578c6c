"""The monitor that runs for ever: ask the source, decide, write the port file, wait.

Time, waiting, source and port file are handed in. Nothing here decides what is true:
the status machine in ``ups.status`` does. No failure of a source, a disk or a name
service ends the loop.

``wiring`` puts a monitor together, ``runner`` keeps it going. To learn how it works,
read these functions in this order; each hands on to the next.

From the wire to ups.status, at every check::

    net.https.HttpsDevice.send            one request, one answer or one error
    sources.enphase.gateway.Gateway.fetch_relay
    sources.enphase.readings.Relay.from_json
    sources.enphase.source.EnphaseSource.grid       who is asked, and how often
    sources.enphase.facts.derive_grid     closed, open, or a word nobody knows
    daemon.monitor.Monitor.tick           one check
    ups.status.events.classify            closed, open, odd, unfit or silent: once
    ups.status.events.check               that and its age make an event
    ups.status.table.TABLE                the event makes a state; the law stands here
    ups.status.low.evaluate               the state makes OL or OB, here alone
    nut.publisher.PortFilePublisher.publish
    nut.port_text.render                  ups.status is the last line
    nut.port_file.PortFile.write
    system.files.replace_file             the old file or the new one, never less

From the charge to LB, at every full poll::

    daemon.monitor.Monitor._read_details  OB is written before this begins
    sources.enphase.details.Details.ask   collects answers (GatewayAnswers)
    sources.enphase.facts.derive_facts    makes Facts of them, once
    ups.status.battery.learn              what is believed (Memory)
    ups.status.low.evaluate               LB, and what to show (Verdict)
    nut.numbers.nut_values                the numbers under their NUT names
    nut.publisher.PortFilePublisher.publish
"""
