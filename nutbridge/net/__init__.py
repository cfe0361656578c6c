"""Requests to devices and the cloud: pinned TLS, deadlines, addresses, retries.

The HTTP library is imported here and nowhere else, by its public interface alone.
Begin with ``wire`` (a request and its answer), then ``https``.

What it promises, and the tests of those names that keep it:

* Fingerprint before the first byte: a device with another certificate than the known
  one gets nothing, on a resumed TLS session neither; a secret goes to the known peer
  alone: ``test_changed_certificate_nothing_sent``,
  ``test_pin_holds_on_a_resumed_session``, ``test_peer_and_secrets``,
  ``test_another_certificate_gets_no_token_until_it_is_trusted``
* Total deadlines: no peer stretches a request, whatever it sends how slowly, and no
  name service does; of a request that was given up nothing goes out later:
  ``test_deadline_cannot_be_stretched``, ``test_until_counts_too``,
  ``test_deadline``, ``test_stuck_resolution_does_not_hide_known_addresses``,
  ``test_nothing_is_sent_once_given_up``
* SIGTERM within 2 s, whatever is waited for: ``test_sigterm_ends_a_hung_request``,
  ``test_sigterm_ends_a_hung_resolution``, ``test_sigterm``
* One quiet reconnect where the device gave up an idle connection, and nothing sent
  twice that may have arrived and changes something:
  ``test_idle_connection_closed_costs_one_quiet_reconnect``,
  ``test_post_that_may_have_arrived_is_not_repeated``,
  ``test_get_on_a_new_connection_is_not_repeated``
* No secret in any text, of an error, a log or a repr: ``test_odd_header_is_not_shown``,
  ``test_secrets_are_shown_at_no_level``, ``test_secrets_are_in_no_repr``
* No DEBUG line of a library, which would hold headers:
  ``test_nothing_secret_in_debug_log``
* The known address serves while the name service is away, for the monitor and the
  collector's upstream alike: ``test_known_addresses_outlive_the_name_service``,
  ``test_known_address_outlives_the_name_server``
* TLS is resumed on a new connection: ``test_session_resumed``,
  ``test_session_resumed_after_connection_close``
"""
