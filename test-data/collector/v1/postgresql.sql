CREATE TABLE public.answer (
    raw_id bigint NOT NULL,
    status bigint NOT NULL,
    headers text NOT NULL,
    body bytea NOT NULL
);
CREATE TABLE public.channel (
    envoy_id bigint NOT NULL,
    eqid text NOT NULL,
    reported bigint NOT NULL,
    device_eqid text,
    channel_type bigint,
    condition_flags bigint,
    observed_flags bigint,
    control_bits bigint,
    extra text,
    raw_id bigint NOT NULL
);
CREATE TABLE public.device (
    envoy_id bigint NOT NULL,
    eqid text NOT NULL,
    reported bigint NOT NULL,
    part_num text,
    device_type bigint,
    admin_state bigint,
    image_bits bigint,
    control_bits bigint,
    condition_flags bigint,
    observed_flags bigint,
    extra text,
    raw_id bigint NOT NULL
);
CREATE TABLE public.energy_hour (
    envoy_id bigint NOT NULL,
    eqid text NOT NULL,
    hour bigint NOT NULL,
    energy_j bigint NOT NULL,
    estimated_j bigint NOT NULL
);
CREATE TABLE public.envoy (
    envoy_id bigint NOT NULL,
    serial_num text NOT NULL
);
CREATE SEQUENCE public.envoy_envoy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.envoy_envoy_id_seq OWNED BY public.envoy.envoy_id;
CREATE TABLE public.event (
    envoy_id bigint NOT NULL,
    id bigint NOT NULL,
    event_date bigint NOT NULL,
    event_code bigint,
    event_state bigint,
    eqid text,
    serial_num text,
    correlation_id bigint,
    message_key bigint,
    message_params text,
    extra text,
    raw_id bigint NOT NULL
);
CREATE TABLE public."interval" (
    envoy_id bigint NOT NULL,
    id bigint NOT NULL,
    end_date bigint NOT NULL,
    eqid text,
    interval_duration bigint,
    stat_duration bigint,
    stats text,
    energy_j bigint,
    estimated boolean NOT NULL,
    slot_start bigint,
    extra text,
    raw_id bigint NOT NULL
);
CREATE TABLE public.odd_row (
    envoy_id bigint NOT NULL,
    digest text NOT NULL,
    kind text NOT NULL,
    attributes text NOT NULL,
    raw_id bigint NOT NULL
);
CREATE TABLE public.outbox (
    raw_id bigint NOT NULL,
    envoy_id bigint NOT NULL
);
CREATE TABLE public.quarantine (
    quarantine_id bigint NOT NULL,
    sha256 text NOT NULL,
    received bigint NOT NULL,
    times_received bigint NOT NULL,
    reason text NOT NULL,
    peer text NOT NULL,
    path text NOT NULL,
    query text NOT NULL,
    headers text NOT NULL,
    size bigint NOT NULL,
    body bytea NOT NULL
);
CREATE SEQUENCE public.quarantine_quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.quarantine_quarantine_id_seq OWNED BY public.quarantine.quarantine_id;
CREATE TABLE public.raw (
    raw_id bigint NOT NULL,
    sha256 text NOT NULL,
    received bigint NOT NULL,
    times_received bigint NOT NULL,
    peer text NOT NULL,
    path text NOT NULL,
    query text NOT NULL,
    headers text NOT NULL,
    size bigint NOT NULL,
    parse_state text NOT NULL,
    problem text,
    envoy_id bigint,
    report_timestamp bigint,
    webcomm_version text,
    intervals bigint NOT NULL,
    readings bigint NOT NULL,
    events bigint NOT NULL,
    devices bigint NOT NULL,
    odd_count bigint NOT NULL,
    unknown_count bigint NOT NULL,
    forward_state text NOT NULL,
    forward_problem text
);
CREATE TABLE public.raw_body (
    raw_id bigint NOT NULL,
    body bytea NOT NULL
);
CREATE SEQUENCE public.raw_raw_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.raw_raw_id_seq OWNED BY public.raw.raw_id;
CREATE TABLE public.reading (
    envoy_id bigint NOT NULL,
    id bigint NOT NULL,
    date bigint NOT NULL,
    eqid text,
    duration bigint,
    flags bigint,
    stats text,
    extra text,
    raw_id bigint NOT NULL
);
CREATE TABLE public.receipt (
    receipt_id bigint NOT NULL,
    raw_id bigint NOT NULL,
    received bigint NOT NULL,
    peer text NOT NULL,
    path text NOT NULL,
    query text NOT NULL,
    headers text NOT NULL
);
CREATE SEQUENCE public.receipt_receipt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.receipt_receipt_id_seq OWNED BY public.receipt.receipt_id;
CREATE TABLE public.report (
    raw_id bigint NOT NULL,
    envoy_id bigint NOT NULL,
    part_num text,
    sw_version text,
    ip_addr text,
    mac_addr text,
    timezone text,
    latitude text,
    longitude text,
    emu_region text,
    extra text,
    root_extra text,
    unknown text
);
CREATE TABLE public.schema_version (
    version bigint NOT NULL,
    applied bigint NOT NULL
);
CREATE TABLE public.variant (
    envoy_id bigint NOT NULL,
    digest text NOT NULL,
    kind text NOT NULL,
    attributes text NOT NULL,
    raw_id bigint NOT NULL
);
ALTER TABLE ONLY public.envoy ALTER COLUMN envoy_id SET DEFAULT nextval('public.envoy_envoy_id_seq'::regclass);
ALTER TABLE ONLY public.quarantine ALTER COLUMN quarantine_id SET DEFAULT nextval('public.quarantine_quarantine_id_seq'::regclass);
ALTER TABLE ONLY public.raw ALTER COLUMN raw_id SET DEFAULT nextval('public.raw_raw_id_seq'::regclass);
ALTER TABLE ONLY public.receipt ALTER COLUMN receipt_id SET DEFAULT nextval('public.receipt_receipt_id_seq'::regclass);
INSERT INTO public.answer VALUES (1, 200, '[["status", "200"]]', '\x6f6b');
INSERT INTO public.answer VALUES (7, 410, '[]', '\x676f6e65');
INSERT INTO public.channel VALUES (1, '990000000101.1', 1699974300, '990000000101', 1, 16, 0, 0, NULL, 1);
INSERT INTO public.channel VALUES (1, '990000000901.1', 1699974300, '990000000901', 1, 16, 0, 0, NULL, 1);
INSERT INTO public.device VALUES (1, '990000000101', 1699974300, '800-00103-r05', 1, 1, 131072, 0, 2359296, 0, NULL, 1);
INSERT INTO public.device VALUES (1, '990000000901', 1699974300, '800-00103-r05', 11, 1, 131072, 0, 2359296, 0, NULL, 1);
INSERT INTO public.energy_hour VALUES (1, '990000000101.1', 1699974000, 600045, 0);
INSERT INTO public.energy_hour VALUES (1, '990000000901.1', 1699974000, 602045, 0);
INSERT INTO public.energy_hour VALUES (2, '990000000103.1', 1699938000, 400006, 0);
INSERT INTO public.energy_hour VALUES (2, '990000000103.1', 1699941600, 200009, 0);
INSERT INTO public.energy_hour VALUES (1, '990000000101.1', 0, 8, 0);
INSERT INTO public.energy_hour VALUES (1, '990000000102.1', 1699974000, 661145, 0);
INSERT INTO public.envoy VALUES (1, '990000000001');
INSERT INTO public.envoy VALUES (2, '990000000002');
INSERT INTO public.event VALUES (1, 3, 1699974300, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.event VALUES (1, 6, 1699974600, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 2);
INSERT INTO public.event VALUES (1, 9, 1699974900, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO public.event VALUES (1, 12, 1699975200, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 4);
INSERT INTO public.event VALUES (1, 15, 1699975500, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 5);
INSERT INTO public.event VALUES (1, 18, 1699975800, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 6);
INSERT INTO public.event VALUES (1, 21, 1699976100, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 7);
INSERT INTO public.event VALUES (1, 24, 1699976400, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 8);
INSERT INTO public.event VALUES (1, 27, 1699976700, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 9);
INSERT INTO public.event VALUES (1, 30, 1699977000, 512, 2, '990000000101', NULL, NULL, NULL, NULL, NULL, 10);
INSERT INTO public."interval" VALUES (1, 1, 1699974300, '990000000101.1', 300, 294, '60000', 60000, false, 1699974000, NULL, 1);
INSERT INTO public."interval" VALUES (1, 2, 1699974300, '990000000102.1', 300, 294, '60100', 60100, false, 1699974000, NULL, 1);
INSERT INTO public."interval" VALUES (1, 3, 1699974300, '990000000901.1', 300, 294, '60200', 60200, false, 1699974000, NULL, 1);
INSERT INTO public."interval" VALUES (1, 4, 1699974600, '990000000101.1', 300, 294, '60001', 60001, false, 1699974300, NULL, 2);
INSERT INTO public."interval" VALUES (1, 5, 1699974600, '990000000102.1', 300, 294, '60101', 60101, false, 1699974300, NULL, 2);
INSERT INTO public."interval" VALUES (1, 6, 1699974600, '990000000901.1', 300, 294, '60201', 60201, false, 1699974300, NULL, 2);
INSERT INTO public."interval" VALUES (1, 7, 1699974900, '990000000101.1', 300, 294, '60002', 60002, false, 1699974600, NULL, 3);
INSERT INTO public."interval" VALUES (1, 8, 1699974900, '990000000102.1', 300, 294, '60102', 60102, false, 1699974600, NULL, 3);
INSERT INTO public."interval" VALUES (1, 9, 1699974900, '990000000901.1', 300, 294, '60202', 60202, false, 1699974600, NULL, 3);
INSERT INTO public."interval" VALUES (1, 10, 1699975200, '990000000101.1', 300, 294, '60003', 60003, false, 1699974900, NULL, 4);
INSERT INTO public."interval" VALUES (1, 11, 1699975200, '990000000102.1', 300, 294, '60103', 60103, false, 1699974900, NULL, 4);
INSERT INTO public."interval" VALUES (1, 12, 1699975200, '990000000901.1', 300, 294, '60203', 60203, false, 1699974900, NULL, 4);
INSERT INTO public."interval" VALUES (1, 13, 1699975500, '990000000101.1', 300, 294, '60004', 60004, false, 1699975200, NULL, 5);
INSERT INTO public."interval" VALUES (1, 14, 1699975500, '990000000102.1', 300, 294, '60104', 60104, false, 1699975200, NULL, 5);
INSERT INTO public."interval" VALUES (1, 15, 1699975500, '990000000901.1', 300, 294, '60204', 60204, false, 1699975200, NULL, 5);
INSERT INTO public."interval" VALUES (1, 16, 1699975800, '990000000101.1', 300, 294, '60005', 60005, false, 1699975500, NULL, 6);
INSERT INTO public."interval" VALUES (1, 17, 1699975800, '990000000102.1', 300, 294, '60105', 60105, false, 1699975500, NULL, 6);
INSERT INTO public."interval" VALUES (1, 18, 1699975800, '990000000901.1', 300, 294, '60205', 60205, false, 1699975500, NULL, 6);
INSERT INTO public."interval" VALUES (1, 19, 1699976100, '990000000101.1', 300, 294, '60006', 60006, false, 1699975800, NULL, 7);
INSERT INTO public."interval" VALUES (1, 20, 1699976100, '990000000102.1', 300, 294, '60106', 60106, false, 1699975800, NULL, 7);
INSERT INTO public."interval" VALUES (1, 21, 1699976100, '990000000901.1', 300, 294, '60206', 60206, false, 1699975800, NULL, 7);
INSERT INTO public."interval" VALUES (1, 22, 1699976400, '990000000101.1', 300, 294, '60007', 60007, false, 1699976100, NULL, 8);
INSERT INTO public."interval" VALUES (1, 23, 1699976400, '990000000102.1', 300, 294, '60107', 60107, false, 1699976100, NULL, 8);
INSERT INTO public."interval" VALUES (1, 24, 1699976400, '990000000901.1', 300, 294, '60207', 60207, false, 1699976100, NULL, 8);
INSERT INTO public."interval" VALUES (1, 25, 1699976700, '990000000101.1', 300, 294, '60008', 60008, false, 1699976400, NULL, 9);
INSERT INTO public."interval" VALUES (1, 26, 1699976700, '990000000102.1', 300, 294, '60108', 60108, false, 1699976400, NULL, 9);
INSERT INTO public."interval" VALUES (1, 27, 1699976700, '990000000901.1', 300, 294, '60208', 60208, false, 1699976400, NULL, 9);
INSERT INTO public."interval" VALUES (1, 28, 1699977000, '990000000101.1', 300, 294, '60009', 60009, false, 1699976700, NULL, 10);
INSERT INTO public."interval" VALUES (1, 29, 1699977000, '990000000102.1', 300, 294, '60109', 60109, false, 1699976700, NULL, 10);
INSERT INTO public."interval" VALUES (1, 30, 1699977000, '990000000901.1', 300, 294, '60209', 60209, false, 1699976700, NULL, 10);
INSERT INTO public."interval" VALUES (1, 501, 1699931400, '990000000101.1', 56400, 56400, '5276304', 5276304, true, NULL, NULL, 11);
INSERT INTO public."interval" VALUES (1, 502, 1699884000, '990000000102.1', 9000, 9000, '9001', 9001, true, NULL, NULL, 11);
INSERT INTO public."interval" VALUES (2, 1, 1699938900, '990000000103.1', 900, 890, '100000', 100000, false, 1699938000, NULL, 12);
INSERT INTO public."interval" VALUES (2, 2, 1699939800, '990000000103.1', 900, 890, '100001', 100001, false, 1699938900, NULL, 13);
INSERT INTO public."interval" VALUES (2, 3, 1699940700, '990000000103.1', 900, 890, '100002', 100002, false, 1699939800, NULL, 14);
INSERT INTO public."interval" VALUES (2, 4, 1699941600, '990000000103.1', 900, 890, '100003', 100003, false, 1699940700, NULL, 15);
INSERT INTO public."interval" VALUES (2, 5, 1699942500, '990000000103.1', 900, 890, '100004', 100004, false, 1699941600, NULL, 16);
INSERT INTO public."interval" VALUES (2, 6, 1699943400, '990000000103.1', 900, 890, '100005', 100005, false, 1699942500, NULL, 17);
INSERT INTO public."interval" VALUES (1, 900, 1700000100, '990000000101.1', 300, 294, '1,2,3', NULL, false, NULL, NULL, 19);
INSERT INTO public."interval" VALUES (1, 77, 1699974300, '990000000102.1', 300, 294, '60100', 60100, false, 1699974000, NULL, 22);
INSERT INTO public."interval" VALUES (1, 78, 300, '990000000101.1', 300, 294, '8', 8, false, 0, NULL, 22);
INSERT INTO public.odd_row VALUES (1, '8c11e3b53d90cd565af4c76c776106b9dff1305bdc1d3d8dcbe8b057991ca204', 'interval', '{"end_date":"1700000100","eqid":"990000000101.1","id":"x","interval_duration":"300","stat_duration":"294","stats":"65439"}', 18);
INSERT INTO public.outbox VALUES (8, 1);
INSERT INTO public.outbox VALUES (9, 1);
INSERT INTO public.outbox VALUES (10, 1);
INSERT INTO public.outbox VALUES (17, 2);
INSERT INTO public.quarantine VALUES (1, '656771905e1ef731f65cd0a0d9fb061238380a1a012e6abdf846ecc7d2ea36fd', 1700000406, 1, 'serial number not allowed', '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 7, '\x666f726569676e');
INSERT INTO public.raw VALUES (2, '0e2758bfd7b1ec909af48da9fc94c6d6995c92b4b3d029c9f91b71c93ad5fdcc', 1699974605, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 457, 'parsed', NULL, 1, 1699974600, '4.6.0', 3, 3, 1, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (3, '898bb3a312b1545108f471012bd5a981f2c516814c4899e23375b94b3dec5f80', 1699974905, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 458, 'parsed', NULL, 1, 1699974900, '4.6.0', 3, 3, 1, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (4, '053d7085a42e18d669b5ba658aa9c2b903aacdfdb0b449e5b88d84f74801e1ea', 1699975205, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 459, 'parsed', NULL, 1, 1699975200, '4.6.0', 3, 3, 1, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (5, 'fb19b562463af7b9f098230bf703c7b921850bda50361144e2395973802d0bfa', 1699975505, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 459, 'parsed', NULL, 1, 1699975500, '4.6.0', 3, 3, 1, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (6, 'fb89a6839e1fc8357e8b3f4845c415aa63d290c6bdd5657757e7ccad4c487f90', 1699975805, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 457, 'parsed', NULL, 1, 1699975800, '4.6.0', 3, 3, 1, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (9, 'c139ddc71a6eed7d7c27322c4cb7bad96e22710805378f1113437cf5f0ba7fd5', 1699976705, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 459, 'parsed', NULL, 1, 1699976700, '4.6.0', 3, 3, 1, 0, 0, 0, 'queued', NULL);
INSERT INTO public.raw VALUES (10, 'da01098791deb2d220a4c7f52386c1207f1dc3fdbe703fe8239b46063d2498ca', 1699977005, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 459, 'parsed', NULL, 1, 1699977000, '4.6.0', 3, 3, 1, 0, 0, 0, 'queued', NULL);
INSERT INTO public.raw VALUES (11, '19aa634bcbc7b75250b7ca946f6217cd8fe45a24d700b42f188aa91656d5b287', 1700000400, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 360, 'parsed', NULL, 1, 1700000400, '4.6.0', 2, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (12, 'd55f8feb6dbdd941f5a9eced6434603d81319883d06e7146f80ebdaed41b03bf', 1699938905, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 337, 'parsed', NULL, 2, 1699938900, '4.6.0', 1, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (13, 'f9890af50ca74dde1fe4cdb498e0e20bdb6e287f3768815a005eea697361ed7e', 1699939805, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 337, 'parsed', NULL, 2, 1699939800, '4.6.0', 1, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (14, '1b531b881f985f0db2b441b4dbd1cf3b00ffda6ca5815e2a59c094afa075422a', 1699940705, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 338, 'parsed', NULL, 2, 1699940700, '4.6.0', 1, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (15, 'f18906d0b5bde1ec9711efa2a9f63ff3ace32e7c173febf3b6dbf2e8d6986fa3', 1699941605, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 338, 'parsed', NULL, 2, 1699941600, '4.6.0', 1, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (16, '71817a6c0ee7e05db7e4c069d8e013c4249e1bef221cf0c1b10ca963d9101197', 1699942505, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 338, 'parsed', NULL, 2, 1699942500, '4.6.0', 1, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (17, '4a8253f850ea4bfd13de3d8481229008fb4859f0722073f42b4ee46f2651ff04', 1699943405, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 338, 'parsed', NULL, 2, 1699943400, '4.6.0', 1, 0, 0, 0, 0, 0, 'queued', NULL);
INSERT INTO public.raw VALUES (18, '36cad83ec79015e8e5d51e26e7b598712e6f74754127d7a12d2ef413c4e65271', 1700000401, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 354, 'parsed', NULL, 1, 1700000401, '4.6.0', 2, 0, 0, 0, 2, 0, 'none', NULL);
INSERT INTO public.raw VALUES (19, '32fba0c1287ab632ed0f736cfbe16d983388ba4a0a3702f606f1f6c99a9f8557', 1700000402, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 367, 'parsed', NULL, 1, 1700000402, '4.6.0', 1, 1, 0, 0, 1, 0, 'none', NULL);
INSERT INTO public.raw VALUES (20, '02fadbc227db14ae9047b9d6b3fd584024200cd44410c6d316cabbf51a554f82', 1700000403, 2, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 318, 'pending', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (21, '795b6904e54f82411df4b0e27a373a55eea3f9d66dac5a9bce1dd92f7b401da5', 1700000405, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 7, 'unparsable', 'cannot be inflated: Error -3 while decompressing data: invalid block type', NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (1, 'cf4825176f9cbb6255f5bde8f7c825d6c677f737f6df862f8b4b4b3bac67d02d', 1699974305, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 568, 'parsed', NULL, 1, 1699974300, '4.6.0', 3, 3, 1, 2, 0, 0, 'forwarded', NULL);
INSERT INTO public.raw VALUES (7, '71f32e002bab7ae6a8506488e90a5eeb35d9fac8294c18f2309f4ca99ea4e62e', 1699976105, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 458, 'parsed', NULL, 1, 1699976100, '4.6.0', 3, 3, 1, 0, 0, 0, 'dead_letter', NULL);
INSERT INTO public.raw VALUES (8, 'b6e175bcd12d5068023451f5bbc8c6c79fbc9e5af868ba5c6c73db8e57f9093d', 1699976405, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 460, 'parsed', NULL, 1, 1699976400, '4.6.0', 3, 3, 1, 0, 0, 0, 'queued', 'no answer');
INSERT INTO public.raw VALUES (22, 'd0f63b1adc09dbd9ceefa8f0f04acdb82d40fb37e4f5777e3ccc89f0f05bd001', 1700000407, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]', 355, 'parsed', NULL, 1, 1700000407, '4.6.0', 2, 0, 0, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw_body VALUES (1, '\x789cd5564d8f9b3010fd351c838ccd477ce8214a93630f6df76c19eca496c0a60e619bfefa0eb12124599654955629521c98378cdfbc675be4469c3e05641d90edafaa0c306aa53d28a303f239c0380a118c1095ba3042e9bd0bbf7cdf2e961d40b601d9046805056a6977cccadad806f2dd0d6b54250f0daf6a5f2ea594663141beeaabcc0b5355ec6ace384cddac5099aca56ecd09524bdea8e628a42f84431227a9ab521abd1f616912c604470e5335e34258ff16c5210a719865bea9ea088cf7c3cc5f562e5e73a0ae8f958b2e115a208452bab028710987d76bca5f49786604508097582ef39d0c30f5c9d22a5e5eea518afacb93ac78316289a0f31528e407ce61c873188ac2a577a2fe36dab7fbf22dc0db0d3f34d2ea33be75c2290d919677962ae1fbf76dffec0303950845618f6ac1046fe4db8ef55599385a70a41760c0c1ece606c334be6007ef5137e998ad95fcbcbcfe92ec1d514cfda2b8e5e0c3bb92ef3d0774c70a27501b62eb044a817b6b9c65cbee398bd3ee2fee62c8ffd22c21c98ce0f89d1ef0070b1ecd09fe10d927179c4cf6403f7c85e339c11f22fb4c820bd9aa424e6ecae9c33342e47278ba2aac39d5f26aa7735129cd3ab2d77155f1bd64b9ea7b88488432bf580ba31b6bca118a0640a84e1d36d20393840e3a991c0ee6560a762bd8b9d5e207d75a96b30790cfbbefe64d02d1dcdcd31d790be0c6bb30eb08fd0747fe3b4be8d358225ba99b8776f9b065ceaf30f8c0f27c93088f8191fe57f1c933ec426cfc5146367f0004a99e5d');
INSERT INTO public.raw_body VALUES (2, '\x789ccd55c18e9b3014fc1a1f63191b033ef410a5e1d843db3d23839d08090c354eb6dbafef237e6493ddee26bdac16290ecc3cc6f3e659a21eccd31722364494bffb8e7076b47e6a0747c457c2794219ac805ad70ca675fb083ffc2c57c54c8892882d616b1018addf55de8e830f501f6faad0f6760aba1f512e534ae569c650f5d1d6cdd0f7d5d59e29cde2aea02c36d61d872728ed7468c3c15814e254a4328b2adde0f6175c26692a7812b976acb4311edf529c32ca699e6353fd011cefcf3b7f5b477cd460dd1dfa88168cad1863995a792663c1f4786df9bba0274740115e705bd43b4bb8c262eb5bdd3deb29c5960b4df6bab970c9a0f33524848bd6b0d4352c4d13cbe750ff0c0edb7df84178b9d553b0de9df83206d73a408e7a1e696b30596cfbd7029cad242ca1c9326953191decbf27b6a856e6e061224b0062e161d8e105c755facc4d38a373f3e8d65b7d3a5eff69f69551a9f050bcf480f0aed37bf4c05eb9e212b401db489082e96d789e17f3330430ffa533c6f097e552c81b81cb777ae01f1c78722bf0bbcc7ef2c0b3377b501f7ec2f9adc0ef32fb9902b747ebc25d0d2c878d9d5ea9e0db814dc8845f12b33564aef037c7834ee0e6f27b23b67f019f62bd91');
INSERT INTO public.raw_body VALUES (3, '\x789ccd554d6fa33014fc353ec632cf7cf9b087280dc73db4db3332d88990c0b0c649b7fdf57dc4a625edb6492f5523c521338ff1bc791654bd7afc45f886f0e25fd71260476dc7a63784df108088325c11d5a6ee5563f61ebeff53acf289e005e15bc2d6283068bb2bad1e7aebb0de5f94aee9f4e8643704b9540891c58205d5075dd57dd795677bc634f5bba232df6873ec1fb1b495ae7107a58310501e27a957697bb35f706942630e91e79aa1944ad9709700ca28d02c0b4d750774bc7fd9f9f7dae38344ebe6d07934676cc5184bc5cab2c4178c0fe7966f393d39428a400e3aaf769a8008c5da36b27dd513d87ef804939dac172e1976bec684c222252e55854b5dfbf229d4a7de8476efef08145b393a6dcd892f7c708d41e428a79136ca97ce6dff9d81172b118b68344f5a954a3afdff89cdaaa53a589cc81c009f791cb67bc381885fb931cc08f784a55babe5e9787dd1ec3ba3b90887e2ad8700ef5ab90f1ed83b5790a036629b04a5707a1bc8b27cfa9fc5e9f4134f180bdf344b787221f0fc931ee09b038f2e057e95d91f1eb8f8b007f1ed271c2e057e95d99f14b83e6ae3ae6a209a1f6da75b4a7c778426920896c4642d3067f887e3094ef062f9bee1db6727cdbdc1');
INSERT INTO public.raw_body VALUES (4, '\x789ccd554d6fa33014fc353ec6f207067cd843940dc73decb66764b0132181618d937efcfa3eb0499376db642f5591e2c08c3d9e37cf82aad74f3f10df205e3c762d62e468dcd8f416f19f88318a098c801a5bf7bab1fb00dfdf15ab7c227881f8169135080cc6ed4a6786de79981f6e4adf7466f4aa1ba25c2aa5cc042351f5c15475df75e5c59e094ec3aea0cc37c61efb2798da2adff883365188619e8834a8b4bddd9f71a9c009673470cd502aad5d5c25192698e12c8b45750770bc3fedfc6b1df04181757be8029a13b22284a472e5880813c6874bcbbf399e1d018558ce4c5eed0c62324e36ae51edab9e9464b9a2c94ed5672e0954be8684e2a0140c5505435d87e953a8cfbd8de5deff41acd8aad11b6767be08c1351690a39a5adae858ffd2ccbf0b72f24209c57469b52eb5f2e6df2d5b644b7d70d0922501bef0d06dff86633279e5c6d824d8939fdb7546cde7eb7fddbe734a653c166f4d4478d7aa7d3441ded96202b401db089082fe6d5896e5d37396a4d35f326124fed24c70712d72fa4911ec8b23a75723bfc9ed778f9c7d5884fcf253ceae467e93dbef14b9391aeb6fab802e6fb8794d099f905885382d9a89c95b642ef00f1b14adc0cdf967876f5f0034e7beba');
INSERT INTO public.raw_body VALUES (5, '\x789ccd554d6fa33014fc353ec632fe007cd8439486e31edaed191970222430ac21e9b6bfbe8ff8d19276dba497aa91e29099c778de3c0b8aae7afc45c48688ec5fdb10ce8ed60f75e788b8219c4794c10aa8756557d56e1fe0fb3fd92a9d089111b1256c0d02bdf5bbdcdbbef323d4878b7cac5b3b8ca6ed512ed65a274a31547db045d9b56d7eb6a7a471d81594c5c6ba63f708a58d19ebf1505914e25448150795a673fb05172b2a058f0257f7b9a92a8f77694e19e53449b0a9f6008ef72f3bff5e07bc3760dd1dda80a68cad1863b15e79a642c1f0706ef956d09323a0084fb94d8b9d255c63b1f5b5695ef5b466f3074db6a65cb864d0f91a12c2c518588a0296b20ce553a84f9dc376efef08cfb66618ad77273e0bc1d50e90a399465a57d8bfc0beffcec88b978845349a475de59519edff4736cbe6d5c1c348e604c4ccc3b4c7371cd7f2951b7048b0a75cdaf5d69cced757ddbe732a351e8bb72610de35668f26d83b5b5c8136601b055230bf0d4f9274fa9fc878fa9113c6f01b274aa84b91cb4f9ae0df1c797431f2abdcfef4c8d5874de86f3fe5fc62e457b9fd4991dba375e3751d44f313ee744f0eaf10ec42457c494cde9039c33f1c105a818be56b476c9f01bde2beea');
INSERT INTO public.raw_body VALUES (6, '\x789ccd55c16ea33014fc1a1f63191b637cd8439486e31edaed1919ec44486058e3a4db7e7d1fb16949bb6dd24bd54871c8ccf378de3c0455af1f7f21b641acf8d7b58892a37163d35bc46e10a50926b0026a6cddebc6ee037cffa758e513c10ac4b688ac4160306e573a33f4ce437db8287dd399d1ab6e8872999452f09c44d50753d57dd7956767a6380ba78232db187bec1fa1b455bef1076da210c52ce55950697bbb5f7019c729a349e09aa1545abbb84b524c30c542c4a6ba0338debf9cfc7b1df04181757be8020a6e5784904cae1ce1a1607c38b77ccbf0c9115088e6d4e4d5ce202a63b1718d6a5ff5a424f3279aec54bd7049a0f335241417a560a92a58ea3a944fa13ef536b67b7f8768b155a337ce9ef82204d758408e6a1a69a3e7f863df7f67e4c54b42129ccca3d6a556defc7f64b36ca90f0e463227c0661ea6eddf7054a6afdc18870467f2a55d67d4e9fefaaadb774e858cfbde9a88f0ae55fb6882bcb345396803b6e12005f3db5021f2e9bf48b3e9279d3012bf99e08c5f8a5c7cd204fde6c8938b915fe5f6a7479e7fd884fcf6bb9c5e8cfc2ab73f29727334d65fd741323fe14e7b4a7885c42e784297c4e42d3267f887038a56e062f9da61db6746ecbf1a');
INSERT INTO public.raw_body VALUES (7, '\x789ccd55c98ea33014fc1a1f637961f3610e51261cfbd0cb1919ec44486018e3a497af9f476c77935e94f4a5d591e290aa47b95e3d0bea413dff417c8378f9d4778891a3b6533b18c4ff22c62826b002aa4d33a8d6ec3dfc705fae8a99e025e25b44d620306abbabac1e07eba0de5f54aeedf5e4643f06b94c0891679404d5475d3743df57677b2638f3bb8232df68731c9ea1b493ae7507a58310c33c4933afd20d66bfe0b214279c51cfb5632595b2e12ec130c10ce77968aa3f80e3fdebce376b8f8f12ac9b43efd18290152124132b4b525f303d9e5bbee5f8e40828c40aa68b7aa71113a158db56766f7a4290f809267bd92c5c12e87c0d0985454a58ea1a96a6f1e573a82f8309ed3edc21566ee5e4b43527bef4c1b50690a39c47daaad87fe8fb5f445ebd5042318da35695924e7f3eb2285ba9838591c40478e461daee1dc744f2c64d614873a24bbb56cbd3f9faaedb0f4e8908c7e2bd8900ef3ab90f26c8075b2c056dc0362948c1fe1b96e7c5fc3f4fb2f927993112be599ef2f442e4718f4f9b603f1c39bd14f9756e7f7be4f4cb26c48f9f727631f2abdcfea6c8f5511b775d07343ee14ef754f00a095da4942d89d95b60cef02f0714acc0c5f2b5c3b7ff01a088bed5');
INSERT INTO public.raw_body VALUES (8, '\x789ccd554d739b3014fc353a5a2324be74e8c1e39a630f49736604923dcc80a042769afefa3ed023c14913bb974c3c6319ef3e56fbf669a0eaf5d33722764414bfbb967076366e6c7a4bc477c2794419ac801a5bf7bab1c7003ffc2c36f9448882883d615b10188c3b94ce0cbdf3501f2e4adf7466f4aa1b502e95526669cc50f5d15475df75e5c59e314dc3aea02c76c69efb27286d956ffc491b14e254c4491a54dade1e575c9ad058f02870cd502aad1dde25396594d32cc3a6ba13383e3eeffc631bf04181757bea029a33b6618ca572e358120ac6c74bcb7782ce8e80223ce726af0e867089c5c635aa7dd193922d1f34d9a97ae59241e75b480817a560a92a58ea3a944fa1fee92db6fb704f78b157a337cece7c11826b2c2067358db4d1a17462e7be7f2dc8b3978845345a46ad4badbcf9f7c816d9529f1c8c6449402c3c4cdbbfe2b88c5fb81187047b666bbbcea8f97cfdafdb374e85c463f1da04c287561dd1047b638b27a00dd82e012998df8e67593efdcfe274fa89278ce137cd12915c8b5c7cd004ffe4c8a3ab91dfe4f6ab471ebfdb84fcf453ceaf467e93dbaf14b9391beb6feb205a9e70f33d25bc42b08b24e26b62f286cc05feee80d00a5cac5f3b62ff17d7d1bef3');
INSERT INTO public.raw_body VALUES (9, '\x789ccd55c16ea33014fc1a1f63191b6c7cd8439486e31edaed1919ec44486058e3a4db7e7d1fb16949bb6dd24bd54871c8cc633c6f9e0555af1f7f21b641acf8d7b58892a37163d35bc46e10a50926b0026a6cddebc6ee037cffa758e513c10ac4b688ac4160306e573a33f4ce437db8287dd399d1ab6e88725c4a29b82051f5c15475df75e5d99e29e6615750661b638ffd2394b6ca37fea04d14a298a5190f2a6d6ff70b8e67386534095c33944a6b17ef9214134cb110b1a9ee008ef72f3bff5e077c5060dd1eba80e684ac08215cae1cc942c1f8706ef996e19323a010cda9c9ab9d4154c662e31ad5beea4949e64f34d9a97ae19240e76b48282e4ac15255b0d475289f427dea6d6cf7fe0ed162ab466f9c3df14508aeb1801cd534d24687521aed9bbf33f2e22521094ee651eb522b6ffe3fb259b6d4070723991360330fd3f66f382ad3576e8c43823df3a55d67d4e97c7dd5ed3ba75cc663f1d6448477adda4713e49d2d9a8136609b0ca4607e1b2a443efd17299f7ed20923f1cb45c6b24b91f34f9aa0df1c797231f2abdcfef4c8c5874dc86f3fe5f462e457b9fd49919ba3b1feba0e92f90977baa7845748ec224be89298bc45e60cff7040d10a5c2c5f3b6cfb0c60dbbf23');
INSERT INTO public.raw_body VALUES (10, '\x789ccd554d6fa33014fc353ec632cf7cf9b087281b8e3db4db3332d88990c0b0c649dbfdf5fb884d4bd27693bd548d1487cc3cc6f3e65950f5eae507e11bc28be7ae25c08eda8e4d6f08ff490022ca7045549bba578dd97bf8f157b1ca278217846f095ba3c0a0edaeb47ae8adc37a7f51baa6d3a393dd10e4522144963116549f7455f75d579eed19d3d4ef8aca7ca3cdb17fc1d256bac61d940e4240799ca45ea5edcd7ec1a5098d39449e6b86522a65c35d0228a340b32c34d51dd0f1fe75e7bbb5c70789d6cda1f368ced80a1da7626559e20bc6a773cbf79c9e1c214520079d573b4d4084626d1bd9bee909c1e64f30d9c97ae19261e76b4c282c52e25255b8d4b52f9f42fdd39bd0eee30381622b47a7ad39f1850fae31881ce534d246f952c843dfbf67e4d54bc4221acda356a5924e7f3cb259b654078b239913e0338fd376171c88f88d1bc39050502ced5a2d4fe7eb7fdd5e3ac5251c8b4b1301deb5721f4cb077b620416dc436094aa1bf0d64593efdcfe274fa89278c856f9a253cb916b9f84713f0c591475723bfc9ed378f9cb34f9b105f7ecae15ae4b7b9fd4e91eba336eeb60ea2f90977baa7c45748e8228960494cde0273867f3aa060052f96af1dbefd0b36adbf0b');
INSERT INTO public.raw_body VALUES (11, '\x789c85524d73832014fc351cc320f8c5a1874c1a8f3db4cdd941a11967142c62d2f4d7f719d09a432d8737cceeba6f79cfcac8db136207c48aafae45945c941d1aa3117b46944698400554e9dac8469f3d7c7a2f76f944b002b123227b30e895fd28adea8d75a0f797d2359d1a9ce8fa609791e9c424b85e55559bae2b1f7ac638f55dc1991d94be981b485be11a374a158c286671927a97d6e8f38a4b131c331a79aee94b21a50d5f718a09a638cbc2a3ba11129f97ce2f7b8ff702a2ebb1f3684ec80e42a77c6749e205c3f531f22bc3f74440219a5395571f0a511ec4ca36a2fdf5e39ccc2784ec44bd4a49e0e57b9850284240a92a2875ede5d350bf8d0ecf3dbd215a1cc5e094d577bef0836b34201731adb4915e9acc0dd5e70c2d612212e199d5b294c2cda34e39e72c5a7636fb9672b4b093790449ba2860e16e9b1d024ab39491f8dfd4742335fd3b759e43d3edd49c6c847e2487058cd681e1b2fef3d9f107faa1e4ba');
INSERT INTO public.raw_body VALUES (12, '\x789c6d52b16ec32010fd1a46230c8963860e561a2f953a54ed6c61435224032ec649d3afef25e0c4a9ca7042f71eefdeddd13a797e426c8b58fd6d7a44c951f9513b8bd833a234c704226495ed9cd4f610d31fef75565e005623b643a4028141f97de3d5e07c007ebc34411b35066186245770ce59c949523da9b673c6340f3557b8885541996d953dba33507b117498a44a4214b3d5ba882abdb3870556acf18ad13c627a6884943ebde214134cf166939a3213383edc2abf56313f08b06e2713b325211921a4e09927eb48184f8f96df18be3a0208d192aab2dd2b4479222baf457fd7e3d07e3a34328ce8162e21cb2a98500a4240685b085d17e997a1fe389bdaad462d10ad5f44f834c2cae9caa9e3f0b40dca1fc565ad5aa619a4d6bfe6c4cd4e4ea08b79dbb29122a8ffb736ab3672f2b0957908371c161efe60f0f88e8d49f65a7569172ecb5fc476bf85aeb677');
INSERT INTO public.raw_body VALUES (13, '\x789c6d52416ec320107c0dc7200289630e3d44697ca9d443d59e2d6cb629920117e3a4e9ebbb093875aafab04233e3d96197c6ebf303113b22aa2fdb11ce8e1006e31d118f84f32565581105d77a6ddc21c16fafd5a2bc10a222624fd8160d7a08ef7580de8788fa74a8a3b1304465fb6c574829852c59763d41d37a6bebbb9e2b5aa4aee82c76e08efe8cd24e4513470dd98853b15a17c9a5f3ee30e38a355d09be4c9ce96ba575c87f494e19e574b3c997b223263edc3a3f6f13de2b8cee469b504cbb608c157211d83a0986d37de41741af899022bce45036ef40b8cc62084675bf7e52b2e9e34961553b4b89a8d8e28472510a4bd36069db24bf0cf5dbbb7cdded6014e1d5938a1f56393d5e35551a9e7111c2515dd66a7492e796f03901b7384b86b798b6ad6bad22fcbfb5c9b5d663c0ad4c4390138f0b8f7fb852ceb821db5e9bcee3e261fe8ac4fe07867bb679');
INSERT INTO public.raw_body VALUES (14, '\x789c6d52416ec320107c0dc720028e630e3d58697ca9d443d59e2d6c888b64c0c53869fafa6e024e9caa3eacd0cc7898dda571f2fc84d80eb1eadbf48892a3f2a37616b16744e91a13a8802adb3aa96d17e18ff76a555c085621b647a4048341f943edd5e07c007d3cd4411b35066186649773ce33b225c9f5a49ad619533fdc99e13cde0ace6ca7ecd19d41da8ba0c3245532a298659b3cbaf4ce760b2edfe08cd175e4f4500b297dfa8b534c30c5db6d6aca4c90b8bbddfc5a467c1010dd4e26a205212b4248ce579e6ca2603c3d467e63f89a0828440baa8ae6a010e549acbc16fddd8f73327f342a8c6817290165254c281521a0340d94b68df2cb507f9c4ded96a31688562f227c1a61e574d5547178da06e58fe2b2562da39ca5d6bf66e016674da08b79dbb29622a8ffb736bbd672f2b09579087ce661e1e10f57f0053726dbfb04525c382c5f11dbff026fbcb669');
INSERT INTO public.raw_body VALUES (15, '\x789c6d52416e8330107c8d8fb18c4d083ef480d270a9d443d59e91c16e6a09dbd498a4e9ebbbc426255539acd0cc303bbb4bebe4e501b13d62f597e9112527e547ed2c628f88d20c13a8802adb39a9ed31c26faff5a69c0956237640a4028341f9f7c6abc1f900faf8d2046dd4188419925dc139cfb38224d7b36a3b674c73d733c745ec0ace6cafecc95d40da8ba0c3245532a298e5db22baf4ce1e575cb1c539a359e4f4d008297dfa8a534c30c5bb5d1aca4c90f878ebfc5c457c1010dd4e26a225211b4248c1379e6ca3603cdf477e61f89a0828444baacaf65d21ca9358792dfa5f3fcec9f2d0a830a25ba5049455b0a1548480d2b650ba2ecae7a57e3b9bc6ad462d10ad9f44f830c2cae9aaa9e3f2b40dca9fc47c562dd376d3e89f0b708b93119862b9b66ca408eaffab2dae8d9c3c5c6559025f783878f8c3957cc58dc9766ecad671e165fd17b1c30f7089b66b');
INSERT INTO public.raw_body VALUES (16, '\x789c6d52416e8330107c8d8fb11c1b083ef480d270a9d443d59e91c16e6a09dbd498a4e9ebbbc426255539acd0cc303bbb4bebe4e501b13d62f597e9112527e547ed2c628f88d22d26500155b67352db6384df5eeb4d3913ac46ec8048050683f2ef8d5783f301f4f1a509daa831083324bb82739ed19c24d7b36a3b674c73d733c345ec0ace6cafecc95d40da8ba0c3245532a2986579115d7a678f2baec871c6e836727a6884943e7dc5292698e2dd2e0d6526487cbc757eae223e08886e2713d192900d21a4e01b4ff22818cff7915f18be26020ad192aab27d5788f224565e8bfed78f73b23c342a8ce856290165156c281521a0b42d94ae8bf279a9dfcea671ab510b44eb27113e8cb072ba6aeab83c6d83f227319f55cb284f13a8cf05b8c5d9129862b9b66ca408eaffab2dae8d9c3c5c6559025f783878f8c3957cc58dc9766e9aade3c2cbfa2f62871f7156b66d');
INSERT INTO public.raw_body VALUES (17, '\x789c6d52416e8330107c8d8fb11c1b083ef480d270a9d443d59e91c16e6a09dbd498a4e9ebbbc426255539acd0cc303bbb4bebe4e501b13d62f597e9112527e547ed2c628f88d22d26500155b67352db6384df5eeb4d3913ac46ec8048050683f2ef8d5783f301f4f1a509daa831083324bb82739eb18c24d7b36a3b674c73d733c345ec0ace6cafecc95d40da8ba0c3245532a2986579115d7a678f2baec871c6e836727a6884943e7dc5292698e2dd2e0d6526487cbc757eae223e08886e2713d192900d21a4e01b4ff22818cff7915f18be26020ad192aab27d5788f224565e8bfed78f73b23c342a8ce856290165156c281521a0b42d94ae8bf279a9dfcea671ab510b44eb27113e8cb072ba6aeab83c6d83f227319f55cbb49d34fae702dce26c094cb15c5b365204f5ffd516d7464e1eaeb22c812f3c1c3cfce14abee2c6643b37cdd771e165fd17b1c30f7223b66f');
INSERT INTO public.raw_body VALUES (18, '\x789cad923d6fc32010867f0d6310067f317488d278ecd036b3850d8d900cb8d8ce477f7d2f01274ea52e55194ee8def37bcf1d6e9c3c3f21b641ac3a990e5172507ed0ce22f68c284d30810859655b27b5dd87f4eebd5a95178155886d11598341affc47ed55effc08f5e1528fdaa86114a68f7605b99c9424c1f5a89ad619533ff44c711eba8233db287b706728edc4a8c749aa6844314bb33cb874ceee175a9ee194d1d841f7b590d2c7af38c504535c1471283301f1fed6f9651df2bd00743b99902d09590174ce579e64a160383e22bf327c250209d192aab2f95088f258acbc16dddd8f73329f086944bba02430f99a90390801a16920b46d28bf2cf5cbd938eeee0dd16a2b8651797bd5abb0386d2173109727d532ce1fc7fe9c13379484247856adaca518e745e79cf3226524fe07b36b2d270f2f322fe0a6c3638f3f34cad3bb362c497e273dfd81b488faff92e659caf892162ecb5f9d6dbf01ae6de1f3');
INSERT INTO public.raw_body VALUES (19, '\x789c95923d6fc32010867f0d631006c7b1870e911b8f1dda66b6b02116920117db49d35fdf73807cb4ea508613baf778ef81a3b1e2fc84588958f5a97b44c951ba515983d833a234c1042264a569ad50a6f3e9fd7bb5ca17815588ed10d982c120dda17672b06e827abfa927a5e538713d04bb0d59564aa8773dc9a6b55ad70f3d539cf9aee0cc4a698ef60ca53d9fd4340b198c2866e93af32ebd35dd9d96ad71ca68e23535d45c08174e1514134cf166132ea56720eeae9d5fb63e3f704037b3f6d99c90154067c5ca91b52f184f8fc8af0c5f88404234a7326f0e12d122144ba7787ff32b0a125780d4bcbda384c7615b4262e01c42d340685b5fbe3cea9735e1bafb3744ab1d1f27e9cc45affcc3290399235f46aa44e84ce2343faea9089390042771d6a2167c920f334be2d9e85b8bd9c14ce213b0a8c3b8a71f1a2dd29b36065b444b4895ec9ed9497ef964ff46fe8d4bc3b99f24e1cf1c7ade0512f217db8d0b36f7df9bedbe012b15da29');
INSERT INTO public.raw_body VALUES (20, '\x789c5552c172c22010fd1a8e320492981c7a70d41c7b68eb3943023acc0448096aedd77723ab8d1c7698f796b76f77e9bcbabd11b125a2f9b103e1eca2c364bc23624738cf288308a876bd57c69d127cf86a56d54c8886883d611b10187538b6418f3e44c84f97361aaba728ed88726b369f9ca1ea5577bdb7b67da999d332550565b1d5eee26f903ac868e2596914e254e445995406ef4e0bae2c682e78963833b652a980af6a4e19e574bdc6a6ec191c9f9e95df37091f255877679bd08ab115982eeb5560454a98aeaf963f04bd3b028af08aebaa3b6ac26b4cd6c1c8e15fafaed9e3a0492bfb854b069d6f604218a484d07510fa3ea5cf43fdf50edb3d7c12deece514757077bec1c15db49b376114368f3d7f3f80a78fece1e3fea48545a37491f125018b8cc8bce0ea09e37e19ee179dc065f939c4fe0f428ea9e2');
INSERT INTO public.raw_body VALUES (21, '\x67617262616765');
INSERT INTO public.raw_body VALUES (22, '\x789cad92c172832010869f86631804a372e82193c6630f6d737650688619018b9a347dfa6e021ad3e9b49772d861f65ffffdd8b576f2fc80d816b1f2c3b48892a3f2bd7616b1474469820944c82adb38a9ed21a4f7afe5aab808ac446c87c8060c3ae5df2aaf3ae707a80f976ad046f583305db4cbc9e5a4240fae275537ce98eaae678ab3d0159cd956d9a33b43692b063d8c5245238a59bace824bebec61a1656b9c329a044d779590d2c7af38c504539cc7f6ca8c407c983b3f6d42be13806e4713b205212b80cef8ca937528e84ff7c8cf0c5f894042b4a0aaa8df14a23c162baf457bf3e39c4c27421ad12c2809bc7c43c814848050d7109a26945f86fae96c7ceefe05d17227fa41797bd5cb30386d21731497956a194ae777bf4f999925211427d3aa6525c5304d3ae39ce72923f147986c2b397a58c9348159876d0fdf34cad39bd6c7254147f2176ef10b6ef233ee7f73164b46b82cff72b6fb02337ce0cb');
INSERT INTO public.reading VALUES (1, 1, 1699974296, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 1);
INSERT INTO public.reading VALUES (1, 2, 1699974296, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 1);
INSERT INTO public.reading VALUES (1, 3, 1699974296, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 1);
INSERT INTO public.reading VALUES (1, 4, 1699974596, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 2);
INSERT INTO public.reading VALUES (1, 5, 1699974596, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 2);
INSERT INTO public.reading VALUES (1, 6, 1699974596, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 2);
INSERT INTO public.reading VALUES (1, 7, 1699974896, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 3);
INSERT INTO public.reading VALUES (1, 8, 1699974896, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 3);
INSERT INTO public.reading VALUES (1, 9, 1699974896, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 3);
INSERT INTO public.reading VALUES (1, 10, 1699975196, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 4);
INSERT INTO public.reading VALUES (1, 11, 1699975196, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 4);
INSERT INTO public.reading VALUES (1, 12, 1699975196, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 4);
INSERT INTO public.reading VALUES (1, 13, 1699975496, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 5);
INSERT INTO public.reading VALUES (1, 14, 1699975496, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 5);
INSERT INTO public.reading VALUES (1, 15, 1699975496, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 5);
INSERT INTO public.reading VALUES (1, 16, 1699975796, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 6);
INSERT INTO public.reading VALUES (1, 17, 1699975796, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 6);
INSERT INTO public.reading VALUES (1, 18, 1699975796, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 6);
INSERT INTO public.reading VALUES (1, 19, 1699976096, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 7);
INSERT INTO public.reading VALUES (1, 20, 1699976096, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 7);
INSERT INTO public.reading VALUES (1, 21, 1699976096, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 7);
INSERT INTO public.reading VALUES (1, 22, 1699976396, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 8);
INSERT INTO public.reading VALUES (1, 23, 1699976396, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 8);
INSERT INTO public.reading VALUES (1, 24, 1699976396, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 8);
INSERT INTO public.reading VALUES (1, 25, 1699976696, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 9);
INSERT INTO public.reading VALUES (1, 26, 1699976696, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 9);
INSERT INTO public.reading VALUES (1, 27, 1699976696, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 9);
INSERT INTO public.reading VALUES (1, 28, 1699976996, '990000000101.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 10);
INSERT INTO public.reading VALUES (1, 29, 1699976996, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 10);
INSERT INTO public.reading VALUES (1, 30, 1699976996, '990000000901.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 10);
INSERT INTO public.reading VALUES (1, 900, 1700000120, '990000000101.1', 296, 0, '1,2', NULL, 19);
INSERT INTO public.receipt VALUES (1, 20, 1700000404, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["host", "reports.example:443"], ["accept", "*/*"]]');
INSERT INTO public.report VALUES (1, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (2, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (3, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (4, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (5, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (6, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (7, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (8, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (9, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (10, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (11, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (12, 2, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'Asia/Kathmandu', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (13, 2, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'Asia/Kathmandu', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (14, 2, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'Asia/Kathmandu', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (15, 2, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'Asia/Kathmandu', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (16, 2, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'Asia/Kathmandu', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (17, 2, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'Asia/Kathmandu', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (18, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (19, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (22, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.schema_version VALUES (1, 1795908549);
INSERT INTO public.variant VALUES (1, 'e965a5fef4be98a38e0b0942f3e4c282bb5ff84e19551031698e9d130704a343', 'interval', '{"end_date":1699974300,"energy_j":1,"eqid":"990000000101.1","estimated":false,"extra":null,"id":1,"interval_duration":300,"slot_start":1699974000,"stat_duration":294,"stats":"1"}', 18);
SELECT pg_catalog.setval('public.envoy_envoy_id_seq', 2, true);
SELECT pg_catalog.setval('public.quarantine_quarantine_id_seq', 1, true);
SELECT pg_catalog.setval('public.raw_raw_id_seq', 22, true);
SELECT pg_catalog.setval('public.receipt_receipt_id_seq', 1, true);
ALTER TABLE ONLY public.answer
    ADD CONSTRAINT answer_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.channel
    ADD CONSTRAINT channel_pkey PRIMARY KEY (envoy_id, eqid, reported);
ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_pkey PRIMARY KEY (envoy_id, eqid, reported);
ALTER TABLE ONLY public.energy_hour
    ADD CONSTRAINT energy_hour_pkey PRIMARY KEY (envoy_id, eqid, hour);
ALTER TABLE ONLY public.envoy
    ADD CONSTRAINT envoy_pkey PRIMARY KEY (envoy_id);
ALTER TABLE ONLY public.envoy
    ADD CONSTRAINT envoy_serial_num_key UNIQUE (serial_num);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (envoy_id, id, event_date);
ALTER TABLE ONLY public."interval"
    ADD CONSTRAINT interval_pkey PRIMARY KEY (envoy_id, id, end_date);
ALTER TABLE ONLY public.odd_row
    ADD CONSTRAINT odd_row_pkey PRIMARY KEY (envoy_id, digest);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_sha256_key UNIQUE (sha256);
ALTER TABLE ONLY public.raw_body
    ADD CONSTRAINT raw_body_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.raw
    ADD CONSTRAINT raw_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.raw
    ADD CONSTRAINT raw_sha256_key UNIQUE (sha256);
ALTER TABLE ONLY public.reading
    ADD CONSTRAINT reading_pkey PRIMARY KEY (envoy_id, id, date);
ALTER TABLE ONLY public.receipt
    ADD CONSTRAINT receipt_pkey PRIMARY KEY (receipt_id);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.variant
    ADD CONSTRAINT variant_pkey PRIMARY KEY (envoy_id, digest);
CREATE INDEX event_eqid ON public.event USING btree (envoy_id, eqid, event_date);
CREATE INDEX event_open ON public.event USING btree (envoy_id) WHERE ((event_state = 2) AND (correlation_id IS NULL));
CREATE INDEX event_partner ON public.event USING btree (envoy_id, correlation_id);
CREATE INDEX interval_energy ON public."interval" USING btree (envoy_id, eqid, slot_start, energy_j, estimated);
CREATE INDEX interval_long ON public."interval" USING btree (envoy_id, slot_start) WHERE ((slot_start IS NULL) AND (energy_j IS NOT NULL));
CREATE INDEX outbox_envoy ON public.outbox USING btree (envoy_id, raw_id);
CREATE INDEX raw_dead ON public.raw USING btree (raw_id) WHERE (forward_state = 'dead_letter'::text);
CREATE INDEX raw_pending ON public.raw USING btree (raw_id) WHERE (parse_state = 'pending'::text);
CREATE INDEX reading_eqid ON public.reading USING btree (envoy_id, eqid, date);
CREATE INDEX receipt_raw ON public.receipt USING btree (raw_id);
CREATE INDEX report_envoy ON public.report USING btree (envoy_id, raw_id);
