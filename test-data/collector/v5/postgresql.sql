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
    offset_s bigint NOT NULL,
    energy_j bigint NOT NULL,
    estimated_j bigint NOT NULL
)
PARTITION BY RANGE (hour);
CREATE TABLE public.energy_hour_2023_11 (
    envoy_id bigint NOT NULL,
    eqid text NOT NULL,
    hour bigint NOT NULL,
    offset_s bigint NOT NULL,
    energy_j bigint NOT NULL,
    estimated_j bigint NOT NULL
);
CREATE TABLE public.energy_hour_rest (
    envoy_id bigint NOT NULL,
    eqid text NOT NULL,
    hour bigint NOT NULL,
    offset_s bigint NOT NULL,
    energy_j bigint NOT NULL,
    estimated_j bigint NOT NULL
);
CREATE TABLE public.envoy (
    envoy_id bigint NOT NULL,
    serial_num text NOT NULL,
    timezone text,
    last_received bigint
);
CREATE TABLE public.envoy_day (
    envoy_id bigint NOT NULL,
    day bigint NOT NULL,
    energy_j bigint NOT NULL,
    estimated_j bigint NOT NULL,
    panels bigint NOT NULL,
    undivided bigint NOT NULL,
    lowest_j bigint NOT NULL,
    twice_median_j bigint NOT NULL,
    gave text NOT NULL
)
PARTITION BY RANGE (day);
CREATE TABLE public.envoy_day_2023_11 (
    envoy_id bigint NOT NULL,
    day bigint NOT NULL,
    energy_j bigint NOT NULL,
    estimated_j bigint NOT NULL,
    panels bigint NOT NULL,
    undivided bigint NOT NULL,
    lowest_j bigint NOT NULL,
    twice_median_j bigint NOT NULL,
    gave text NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.envoy_day_rest (
    envoy_id bigint NOT NULL,
    day bigint NOT NULL,
    energy_j bigint NOT NULL,
    estimated_j bigint NOT NULL,
    panels bigint NOT NULL,
    undivided bigint NOT NULL,
    lowest_j bigint NOT NULL,
    twice_median_j bigint NOT NULL,
    gave text NOT NULL
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
    raw_id bigint NOT NULL,
    left_out text
)
PARTITION BY RANGE (event_date);
CREATE TABLE public.event_2023_11 (
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
    raw_id bigint NOT NULL,
    left_out text
);
CREATE TABLE public.event_rest (
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
    raw_id bigint NOT NULL,
    left_out text
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
    extra text,
    raw_id bigint NOT NULL,
    left_out text
)
PARTITION BY RANGE (end_date);
CREATE TABLE public.interval_2023_11 (
    envoy_id bigint NOT NULL,
    id bigint NOT NULL,
    end_date bigint NOT NULL,
    eqid text,
    interval_duration bigint,
    stat_duration bigint,
    stats text,
    energy_j bigint,
    estimated boolean NOT NULL,
    extra text,
    raw_id bigint NOT NULL,
    left_out text
);
CREATE TABLE public.interval_rest (
    envoy_id bigint NOT NULL,
    id bigint NOT NULL,
    end_date bigint NOT NULL,
    eqid text,
    interval_duration bigint,
    stat_duration bigint,
    stats text,
    energy_j bigint,
    estimated boolean NOT NULL,
    extra text,
    raw_id bigint NOT NULL,
    left_out text
);
CREATE TABLE public.odd_row (
    envoy_id bigint NOT NULL,
    digest text NOT NULL,
    kind text NOT NULL,
    attributes text NOT NULL,
    raw_id bigint NOT NULL
);
CREATE TABLE public.open_event (
    envoy_id bigint NOT NULL,
    id bigint NOT NULL,
    event_date bigint NOT NULL
);
CREATE TABLE public.outbox (
    raw_id bigint NOT NULL,
    envoy_id bigint NOT NULL,
    stuck boolean DEFAULT false NOT NULL,
    tries bigint DEFAULT 0 NOT NULL,
    refused_since bigint,
    next_try bigint
);
CREATE TABLE public.panel (
    envoy_id bigint NOT NULL,
    eqid text NOT NULL,
    device_eqid text NOT NULL,
    device_type bigint
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
    body bytea NOT NULL,
    received bigint NOT NULL
)
PARTITION BY RANGE (received);
CREATE TABLE public.raw_body_2023_11 (
    raw_id bigint NOT NULL,
    body bytea NOT NULL,
    received bigint NOT NULL
);
CREATE TABLE public.raw_body_rest (
    raw_id bigint NOT NULL,
    body bytea NOT NULL,
    received bigint NOT NULL
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
    raw_id bigint NOT NULL,
    left_out text
)
PARTITION BY RANGE (date);
CREATE TABLE public.reading_2023_11 (
    envoy_id bigint NOT NULL,
    id bigint NOT NULL,
    date bigint NOT NULL,
    eqid text,
    duration bigint,
    flags bigint,
    stats text,
    extra text,
    raw_id bigint NOT NULL,
    left_out text
);
CREATE TABLE public.reading_rest (
    envoy_id bigint NOT NULL,
    id bigint NOT NULL,
    date bigint NOT NULL,
    eqid text,
    duration bigint,
    flags bigint,
    stats text,
    extra text,
    raw_id bigint NOT NULL,
    left_out text
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
CREATE TABLE public.store (
    store_id text NOT NULL,
    commits bigint NOT NULL,
    counted_from bigint NOT NULL
);
CREATE TABLE public.unit_list (
    envoy_id bigint NOT NULL,
    eqids text NOT NULL,
    sights text NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.variant (
    envoy_id bigint NOT NULL,
    digest text NOT NULL,
    kind text NOT NULL,
    attributes text NOT NULL,
    raw_id bigint NOT NULL
);
ALTER TABLE ONLY public.energy_hour ATTACH PARTITION public.energy_hour_2023_11 FOR VALUES FROM ('1698796800') TO ('1701388800');
ALTER TABLE ONLY public.energy_hour ATTACH PARTITION public.energy_hour_rest DEFAULT;
ALTER TABLE ONLY public.envoy_day ATTACH PARTITION public.envoy_day_2023_11 FOR VALUES FROM ('1698796800') TO ('1701388800');
ALTER TABLE ONLY public.envoy_day ATTACH PARTITION public.envoy_day_rest DEFAULT;
ALTER TABLE ONLY public.event ATTACH PARTITION public.event_2023_11 FOR VALUES FROM ('1698796800') TO ('1701388800');
ALTER TABLE ONLY public.event ATTACH PARTITION public.event_rest DEFAULT;
ALTER TABLE ONLY public."interval" ATTACH PARTITION public.interval_2023_11 FOR VALUES FROM ('1698796800') TO ('1701388800');
ALTER TABLE ONLY public."interval" ATTACH PARTITION public.interval_rest DEFAULT;
ALTER TABLE ONLY public.raw_body ATTACH PARTITION public.raw_body_2023_11 FOR VALUES FROM ('1698796800') TO ('1701388800');
ALTER TABLE ONLY public.raw_body ATTACH PARTITION public.raw_body_rest DEFAULT;
ALTER TABLE ONLY public.reading ATTACH PARTITION public.reading_2023_11 FOR VALUES FROM ('1698796800') TO ('1701388800');
ALTER TABLE ONLY public.reading ATTACH PARTITION public.reading_rest DEFAULT;
ALTER TABLE ONLY public.envoy ALTER COLUMN envoy_id SET DEFAULT nextval('public.envoy_envoy_id_seq'::regclass);
ALTER TABLE ONLY public.quarantine ALTER COLUMN quarantine_id SET DEFAULT nextval('public.quarantine_quarantine_id_seq'::regclass);
ALTER TABLE ONLY public.raw ALTER COLUMN raw_id SET DEFAULT nextval('public.raw_raw_id_seq'::regclass);
ALTER TABLE ONLY public.receipt ALTER COLUMN receipt_id SET DEFAULT nextval('public.receipt_receipt_id_seq'::regclass);
INSERT INTO public.channel VALUES (1, '990000000101.1', 1699056000, '990000000101', 1, 16, 0, 0, NULL, 1);
INSERT INTO public.channel VALUES (1, '990000000102.1', 1699056000, '990000000102', 1, 16, 0, 0, NULL, 1);
INSERT INTO public.channel VALUES (1, '990000000103.1', 1699056000, '990000000103', 1, 16, 0, 0, NULL, 1);
INSERT INTO public.channel VALUES (1, '990000000901.1', 1699056000, '990000000901', 1, 16, 0, 0, NULL, 1);
INSERT INTO public.channel VALUES (1, '990000000101.1', 1699308000, '990000000101', 1, 0, 0, 0, NULL, 6);
INSERT INTO public.device VALUES (1, '990000000101', 1699056000, '800-00103-r05', 1, 1, 131072, 0, 2359296, 0, NULL, 1);
INSERT INTO public.device VALUES (1, '990000000102', 1699056000, '800-00103-r05', 1, 1, 131072, 0, 2359296, 0, NULL, 1);
INSERT INTO public.device VALUES (1, '990000000103', 1699056000, '800-00103-r05', 1, 1, 131072, 0, 2359296, 0, NULL, 1);
INSERT INTO public.device VALUES (1, '990000000901', 1699056000, '800-00103-r05', 11, 1, 131072, 0, 2359296, 0, NULL, 1);
INSERT INTO public.device VALUES (1, '990000000101', 1699308000, '800-00103-r05', 1, 1, 131072, 0, 0, 0, NULL, 6);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699009200, -14400, 207000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699012800, -14400, 208000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699016400, -14400, 209000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699020000, -14400, 210000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699023600, -14400, 211000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699027200, -14400, 212000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699030800, -14400, 213000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699034400, -14400, 214000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699038000, -14400, 215000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699041600, -14400, 216000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699045200, -14400, 217000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699009200, -14400, 207001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699012800, -14400, 208001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699016400, -14400, 209001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699020000, -14400, 210001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699023600, -14400, 211001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699027200, -14400, 212001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699030800, -14400, 213001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699034400, -14400, 214001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699038000, -14400, 215001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699041600, -14400, 216001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699045200, -14400, 217001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699009200, -14400, 207002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699012800, -14400, 208002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699016400, -14400, 209002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699020000, -14400, 210002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699023600, -14400, 211002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699027200, -14400, 212002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699030800, -14400, 213002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699034400, -14400, 214002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699038000, -14400, 215002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699041600, -14400, 216002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699045200, -14400, 217002, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699009200, -14400, 207003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699012800, -14400, 208003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699016400, -14400, 209003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699020000, -14400, 210003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699023600, -14400, 211003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699027200, -14400, 212003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699030800, -14400, 213003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699034400, -14400, 214003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699038000, -14400, 215003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699041600, -14400, 216003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000901.1', 1699045200, -14400, 217003, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699095600, -14400, 207000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699099200, -14400, 208000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699102800, -14400, 209000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699106400, -14400, 210000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699110000, -14400, 211000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699113600, -14400, 212000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699117200, -14400, 213000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699120800, -14400, 214000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699124400, -14400, 215000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699128000, -14400, 216000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699131600, -14400, 217000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699095600, -14400, 207001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699099200, -14400, 208001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699102800, -14400, 209001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699106400, -14400, 210001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699110000, -14400, 211001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699113600, -14400, 212001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699117200, -14400, 213001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699120800, -14400, 214001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699124400, -14400, 215001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699128000, -14400, 216001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699131600, -14400, 217001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699095600, -14400, 207000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000103.1', 1699099200, -14400, 208000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699160400, -14400, 7, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699164000, -18000, 11, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699185600, -18000, 207000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699189200, -18000, 208000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699192800, -18000, 209000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699196400, -18000, 210000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699200000, -18000, 211000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699203600, -18000, 212000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699207200, -18000, 213000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699210800, -18000, 214000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699214400, -18000, 215000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699218000, -18000, 216000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699221600, -18000, 217000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699185600, -18000, 207001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699189200, -18000, 208001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699192800, -18000, 209001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699196400, -18000, 210001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699200000, -18000, 211001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699203600, -18000, 212001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699207200, -18000, 213001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699210800, -18000, 214001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699214400, -18000, 215001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699218000, -18000, 216001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699221600, -18000, 217001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699232400, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699236000, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699239600, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699243200, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699246800, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699250400, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699254000, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699257600, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699261200, -18000, 1000000, 1000000);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699286400, -28800, 208000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699290000, -28800, 209000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699293600, -28800, 210000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699297200, -28800, 211000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699300800, -28800, 212000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000101.1', 1699304400, -28800, 213000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699286400, -28800, 208001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699290000, -28800, 209001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699293600, -28800, 210001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699297200, -28800, 211001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699300800, -28800, 212001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (1, '990000000102.1', 1699304400, -28800, 213001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000201.1', 1699229700, 20700, 206000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000201.1', 1699233300, 20700, 207000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000201.1', 1699236900, 20700, 208000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000201.1', 1699240500, 20700, 209000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000201.1', 1699244100, 20700, 210000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000201.1', 1699247700, 20700, 211000, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000202', 1699229700, 20700, 206001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000202', 1699233300, 20700, 207001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000202', 1699236900, 20700, 208001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000202', 1699240500, 20700, 209001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000202', 1699244100, 20700, 210001, 0);
INSERT INTO public.energy_hour_2023_11 VALUES (2, '990000000202', 1699247700, 20700, 211001, 0);
INSERT INTO public.envoy VALUES (1, '990000000001', 'US/Pacific', 1699308000);
INSERT INTO public.envoy VALUES (2, '990000000002', 'Asia/Kathmandu', 1699251300);
INSERT INTO public.envoy_day_2023_11 VALUES (1, 1698969600, 9328066, 0, 4, 0, 2332000, 4664033, '[["990000000101.1","990000000102.1","990000000103.1","990000000901.1"],[2332000,2332011,2332022,2332033],[0,0,0,0],[262016,262016,262016,262016]]');
INSERT INTO public.envoy_day_2023_11 VALUES (1, 1699056000, 5079011, 0, 3, 0, 415000, 4664000, '[["990000000101.1","990000000102.1","990000000103.1"],[2332000,2332011,415000],[0,0,0],[262016,262016,384]]');
INSERT INTO public.envoy_day_2023_11 VALUES (1, 1699142400, 8664029, 4000000, 2, 0, 2332018, 8664029, '[["990000000101.1","990000000102.1"],[2332018,6332011],[0,4000000],[262018,15990656]]');
INSERT INTO public.envoy_day_2023_11 VALUES (1, 1699228800, 7526006, 5000000, 2, 0, 1263000, 7526006, '[["990000000101.1","990000000102.1"],[1263000,6263006],[0,5000000],[16128,16159]]');
INSERT INTO public.envoy_day_2023_11 VALUES (2, 1699228800, 2502006, 0, 2, 1, 1251000, 2502006, '[["990000000201.1","990000000202"],[1251000,1251006],[0,0],[4032,4032]]');
INSERT INTO public.event_2023_11 VALUES (1, 2, 1699095600, 10009, 1, '990000000101', NULL, 1, NULL, NULL, NULL, 2, NULL);
INSERT INTO public.event_2023_11 VALUES (1, 3, 1699102800, 10000, 2, '990000000103', NULL, NULL, NULL, NULL, NULL, 2, NULL);
INSERT INTO public.event_2023_11 VALUES (1, 11, 1699185600, 512, 1, '990000000102.1', NULL, 10, NULL, NULL, NULL, 3, NULL);
INSERT INTO public.event_2023_11 VALUES (1, 12, 1699189200, 101, 2, '990000000102.1', NULL, NULL, NULL, NULL, NULL, 3, NULL);
INSERT INTO public.event_2023_11 VALUES (1, 10, 1699182000, 512, 2, '990000000102.1', NULL, NULL, NULL, NULL, NULL, 4, NULL);
INSERT INTO public.event_2023_11 VALUES (1, 13, 1699189200, 101, 2, '990000000101.1', NULL, 14, NULL, NULL, NULL, 4, NULL);
INSERT INTO public.event_2023_11 VALUES (2, 1, 1699236900, 512, 2, '990000000202', NULL, NULL, NULL, NULL, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 45, 1699095900, '990000000101.1', 300, 294, '207000', 207000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 46, 1699095900, '990000000102.1', 300, 294, '207001', 207001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 47, 1699099500, '990000000101.1', 300, 294, '208000', 208000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 48, 1699099500, '990000000102.1', 300, 294, '208001', 208001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 49, 1699103100, '990000000101.1', 300, 294, '209000', 209000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 50, 1699103100, '990000000102.1', 300, 294, '209001', 209001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 51, 1699106700, '990000000101.1', 300, 294, '210000', 210000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 52, 1699106700, '990000000102.1', 300, 294, '210001', 210001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 53, 1699110300, '990000000101.1', 300, 294, '211000', 211000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 54, 1699110300, '990000000102.1', 300, 294, '211001', 211001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 55, 1699113900, '990000000101.1', 300, 294, '212000', 212000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 56, 1699113900, '990000000102.1', 300, 294, '212001', 212001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 57, 1699117500, '990000000101.1', 300, 294, '213000', 213000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 58, 1699117500, '990000000102.1', 300, 294, '213001', 213001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 59, 1699121100, '990000000101.1', 300, 294, '214000', 214000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 60, 1699121100, '990000000102.1', 300, 294, '214001', 214001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 61, 1699124700, '990000000101.1', 300, 294, '215000', 215000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 62, 1699124700, '990000000102.1', 300, 294, '215001', 215001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 63, 1699128300, '990000000101.1', 300, 294, '216000', 216000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 64, 1699128300, '990000000102.1', 300, 294, '216001', 216001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 65, 1699131900, '990000000101.1', 300, 294, '217000', 217000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 66, 1699131900, '990000000102.1', 300, 294, '217001', 217001, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 67, 1699095900, '990000000103.1', 300, 294, '207000', 207000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 68, 1699099500, '990000000103.1', 300, 294, '208000', 208000, false, NULL, 2, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 69, 1699160700, '990000000101.1', 300, 294, '7', 7, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 70, 1699164300, '990000000101.1', 300, 294, '11', 11, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 71, 1699185900, '990000000101.1', 300, 294, '207000', 207000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 72, 1699185900, '990000000102.1', 300, 294, '207001', 207001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 73, 1699189500, '990000000101.1', 300, 294, '208000', 208000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 74, 1699189500, '990000000102.1', 300, 294, '208001', 208001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 75, 1699193100, '990000000101.1', 300, 294, '209000', 209000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 76, 1699193100, '990000000102.1', 300, 294, '209001', 209001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 77, 1699196700, '990000000101.1', 300, 294, '210000', 210000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 78, 1699196700, '990000000102.1', 300, 294, '210001', 210001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 79, 1699200300, '990000000101.1', 300, 294, '211000', 211000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 80, 1699200300, '990000000102.1', 300, 294, '211001', 211001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 81, 1699203900, '990000000101.1', 300, 294, '212000', 212000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 82, 1699203900, '990000000102.1', 300, 294, '212001', 212001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 83, 1699207500, '990000000101.1', 300, 294, '213000', 213000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 84, 1699207500, '990000000102.1', 300, 294, '213001', 213001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 85, 1699211100, '990000000101.1', 300, 294, '214000', 214000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 86, 1699211100, '990000000102.1', 300, 294, '214001', 214001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 87, 1699214700, '990000000101.1', 300, 294, '215000', 215000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 88, 1699214700, '990000000102.1', 300, 294, '215001', 215001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 89, 1699218300, '990000000101.1', 300, 294, '216000', 216000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 90, 1699218300, '990000000102.1', 300, 294, '216001', 216001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 91, 1699221900, '990000000101.1', 300, 294, '217000', 217000, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 92, 1699221900, '990000000102.1', 300, 294, '217001', 217001, false, NULL, 3, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 93, 1699193100, '990000000101.1', 300, 294, '209000', 209000, false, NULL, 4, 'twice');
INSERT INTO public.interval_2023_11 VALUES (1, 95, 1699264800, '990000000102.1', 32400, 32400, '9000000', 9000000, true, NULL, 5, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 97, 1699934400, '990000000101.1', 300, 294, '8', 8, false, NULL, 5, 'date');
INSERT INTO public.interval_2023_11 VALUES (1, 99, 1699286700, '990000000101.1', 300, 294, '208000', 208000, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 100, 1699286700, '990000000102.1', 300, 294, '208001', 208001, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 101, 1699290300, '990000000101.1', 300, 294, '209000', 209000, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 102, 1699290300, '990000000102.1', 300, 294, '209001', 209001, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 103, 1699293900, '990000000101.1', 300, 294, '210000', 210000, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 104, 1699293900, '990000000102.1', 300, 294, '210001', 210001, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 105, 1699297500, '990000000101.1', 300, 294, '211000', 211000, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 106, 1699297500, '990000000102.1', 300, 294, '211001', 211001, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 107, 1699301100, '990000000101.1', 300, 294, '212000', 212000, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 108, 1699301100, '990000000102.1', 300, 294, '212001', 212001, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 109, 1699304700, '990000000101.1', 300, 294, '213000', 213000, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (1, 110, 1699304700, '990000000102.1', 300, 294, '213001', 213001, false, NULL, 6, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 111, 1699230000, '990000000201.1', 300, 294, '206000', 206000, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 112, 1699230000, '990000000202', 300, 294, '206001', 206001, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 113, 1699233600, '990000000201.1', 300, 294, '207000', 207000, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 114, 1699233600, '990000000202', 300, 294, '207001', 207001, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 115, 1699237200, '990000000201.1', 300, 294, '208000', 208000, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 116, 1699237200, '990000000202', 300, 294, '208001', 208001, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 117, 1699240800, '990000000201.1', 300, 294, '209000', 209000, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 118, 1699240800, '990000000202', 300, 294, '209001', 209001, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 119, 1699244400, '990000000201.1', 300, 294, '210000', 210000, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 120, 1699244400, '990000000202', 300, 294, '210001', 210001, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 121, 1699248000, '990000000201.1', 300, 294, '211000', 211000, false, NULL, 7, NULL);
INSERT INTO public.interval_2023_11 VALUES (2, 122, 1699248000, '990000000202', 300, 294, '211001', 211001, false, NULL, 7, NULL);
INSERT INTO public.odd_row VALUES (1, '8c11e3b53d90cd565af4c76c776106b9dff1305bdc1d3d8dcbe8b057991ca204', 'interval', '{"end_date":"1700000100","eqid":"990000000101.1","id":"x","interval_duration":"300","stat_duration":"294","stats":"65439"}', 5);
INSERT INTO public.open_event VALUES (1, 3, 1699102800);
INSERT INTO public.open_event VALUES (1, 12, 1699189200);
INSERT INTO public.open_event VALUES (2, 1, 1699236900);
INSERT INTO public.outbox VALUES (5, 1, false, 0, NULL, NULL);
INSERT INTO public.panel VALUES (1, '990000000101', '990000000101', 1);
INSERT INTO public.panel VALUES (1, '990000000101.1', '990000000101', NULL);
INSERT INTO public.panel VALUES (1, '990000000102', '990000000102', 1);
INSERT INTO public.panel VALUES (1, '990000000102.1', '990000000102', NULL);
INSERT INTO public.panel VALUES (1, '990000000103', '990000000103', 1);
INSERT INTO public.panel VALUES (1, '990000000103.1', '990000000103', NULL);
INSERT INTO public.panel VALUES (1, '990000000901', '990000000901', 11);
INSERT INTO public.panel VALUES (1, '990000000901.1', '990000000901', NULL);
INSERT INTO public.panel VALUES (2, '990000000201.1', '990000000201', NULL);
INSERT INTO public.panel VALUES (2, '990000000202', '990000000202', NULL);
INSERT INTO public.raw VALUES (1, '2b85ccd641318d68c6a5b2d545758b0a8ebeccf04f308fbb6e6b8fdebae06183', 1699056000, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["Host", "reports.example"]]', 880, 'parsed', NULL, 1, 1699056000, '4.6.0', 44, 0, 0, 4, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (2, '008cd44873d96d7067d182c76fe9dcc5a8650b1fa5a479965f1e73753b75aba3', 1699142400, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["Host", "reports.example"]]', 634, 'parsed', NULL, 1, 1699142400, '4.6.0', 24, 0, 3, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (3, '404e655d10b488ed94265112d2f6738aaabc61df6ad393c76e6c185069a8a043', 1699228800, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["Host", "reports.example"]]', 627, 'parsed', NULL, 1, 1699228800, '4.6.0', 24, 0, 2, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (4, 'ad96fa87259f85a3c064ae5e5429ef9516520d4363f2e8ca4a745fde1c6d4576', 1699229100, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["Host", "reports.example"]]', 476, 'parsed', NULL, 1, 1699229100, '4.6.0', 1, 1, 3, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (5, 'b2fa700ec4b8f14a8ef60aa3ea5ea285ed51b11ba072ffe79190fcdf034ea9c9', 1699268400, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["Host", "reports.example"]]', 416, 'parsed', NULL, 1, 1699268400, '4.6.0', 4, 1, 0, 0, 2, 0, 'queued', NULL);
INSERT INTO public.raw VALUES (6, '6307ef172347e1b895e904a610895597ab43d4e2e39818efd2a3e73e3f31e1d3', 1699308000, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["Host", "reports.example"]]', 550, 'parsed', NULL, 1, 1699308000, '4.6.0', 12, 0, 0, 1, 0, 0, 'none', NULL);
INSERT INTO public.raw VALUES (7, '4cb5f7c82282678d661efd641ca21efb201255a6b9f2aa6875e069ede8641bad', 1699251300, 1, '192.0.2.77', '/emu_reports/performance_report', 'webcomm_version=4.6.0', '[["Host", "reports.example"]]', 486, 'parsed', NULL, 2, 1699251300, '4.6.0', 12, 0, 1, 0, 0, 0, 'none', NULL);
INSERT INTO public.raw_body_2023_11 VALUES (1, '\x789ce59a4b739b3010807f0dc7307af0d2a1874c1a1f7b689b3323407199e1e162ec34fdf51541c4765ab48ccaa6cd2407c6a355a44fd237acd649d6168f1f3c7ee3f1cd8fbaf21839aa6e5fb68dc73f7a8c519fe8a76e554dde1665b31d9befbe6eae9221c0371ebff5c8b51e60a7bafbb453bbb6eb75fff143da97b5daf7b2de99e1222148181162467d5059ded6757a3167e047e3ac7a647ea39a63fba8bb56b22ffb43a1cc40cce741188da3546db33d8b45a11f7046c758b94b655174e6b704f389cffc38368baa0f9a78fb3cf3a7ebb17d27357a73a8c7d684902b4d1c89ab8e846387fdc325f267ee3f11e990c712a692ec5e794c98ceaa2b65751a4f6fc1f463206b999f5112bdf26bbd43e621a57e64997ee4f9d87dd8d49f6d63967bf7c5639b5bb9ef55d73cc537e3c615ea58e66a58e5f7b27831339d66fed34a29e1a7958ea3a4fde36edaf9b15d1675d9a4fa68fbcbf6b2965b956665bf37cd9c92988db1bc6dfaaeadcea2e4395094bddecdf4be925b13633c144c98236e33bd8b47559c773839927f934da3aad9b5fa06cef4fb7d357f04a0d0dcf32b3247a03f9853587022ec1d9d087b1327c2dfd189f0377022e22fde5a6fee48c47ff3da2a1b9d5a8e72e09c28cdfcf6b7ad6a8ab4386df490fa8908a7d43f8d9a16874ef6cf99944ff1e18c5ec498084eb169bb493cdd2636b3b8cc82cb5e1f9702b8dc82cb5f1f9701b8c12caef817327000377474777825ac8d9bc0ee468eee22e142eec6165c9bbb48b890bb89a3bb48b890bbc2d5dd285e1d57c0ee5262e1b5ca8bc30bc94b6d79cd6a2f0e2f642f9d4f6c80be38bc90bed496d96cbc8cf0b5792959e0ef7c6ab3fb8bc40bfa6bcb6d367f9178417fe7939bdd5f245ed05f5b76b3f272b13a2f5de0ef7c7a03fcc5e105fdb5e537abbf38bc90bf6c3ebf01fee2f042fe3ad76d2c5efdaa4ed982bacdb57043e285fc75aedc9078417f5d4b37245ed05fd7da8dd3d5afeb942ff0d7b57843e205fd75adde9078417f5dcb37245ed05fd7fa8d07abdfd76900fbcb5deb37245ef08b33d7fa0d8917f297bbd66f48bc90bfdcb57ee3c9faf7f57081bfaef51b122fe8af6bfd86c40bfaeb5abf21f182febad66f015dffbe1e2df0d7b57e43e205fd75addf9078217f03d7fa0d8917f23770addf8270fdfbfa82bfbb05aef51b122fe46fe05abf21f182febad66f48bc17feea0fe7ff12c66f7f01515a4278', 1699056000);
INSERT INTO public.raw_body_2023_11 VALUES (2, '\x789ccd98cd8e9b3014469f8665907fc0e04517a369b2eca2edac91039e082940ea904ca74fdf4b6c12126930bd8251b3b0225f631f8e035f60db14ef5f02fe1cf0cdef6a1f3072d6e6583675c0bf068cd190400bbdbace9ba2ac77b6fbe5e766957605be09f83a204f30c1419bd7cce843635a186fbf646d59e963abaa839b4e484923161137eb9bdee64d5565776b46a1b0abc2ccfc59d7e7e61d86ee555bb6a742bb8958c8a358d859f64dbd1bd4441c469c515b2b0f992a0ae38e922c24210b93c49d547502e2dd75e56f4fb6ffa000bd3e55b63725644508117265486c071cdfee91bff3f04204a580a54ca7db571d30e9066b53aafd6d3e2949ff719095ca079404cefc090cb9462968b65b68f2dc0eefa4fe696a77ba2f3f02b659ab63ab4d7da96facb8b2869eb3eab6b42c9c5987af7ff53d57164a6848fbad2eb242b5fab66544c6b2dfb27edaac3819d892de00efebb0dbed438dc9e8563bba3e921077c808af18e1659fcf4b7dbc09d6af8c67e74d27f84db17e97e1f5fa9538bf94703a3baff4fb8d09ceef52bc3ebf31c5fa15c9dcbc944cf0cbb07e97e1f5fae548bff083989d974ef01b21fd2ec4ebf58bcc374af9ec7941d904bfc87c5b8ad7eb17996f9426b3e705e513fc22f36d295eaf5f6cbe5dae8e997923bf5f81cdb785787d7e0536dfe09fddecbcf104bfd87c5b88d7eb179b6f2c9d3f2fc404bfd87c5b88d7eb179b6f9cce9f17139edf0436df16e2f5fa1dcb37feff3d1f8bb17c1be5fd84e74d7dd6753b801dbdf7ba5a77489637d7b73c5094c352b7a0abb161ffc3e9c58fd7fe23cbd87d15c1424758640763eb79638cde5f4466f7563ec01cbb9df28f31c9bf2b83cb31bd57065f866ff4f8fa2ff7c655f0', 1699142400);
INSERT INTO public.raw_body_2023_11 VALUES (3, '\x789cbd98cd8e9b3014469f8665907dcd8fbde8229a26cb594c3b6be48027420a903a24d3e9d3f7124c42a62a4696992c2ce46b2e8763255f60d7141fdf02f614b0edefea1000b9287d2a9b3a60df03001a121c7156d5795394f5be9f7efdb95df1aec0b601db04648d0d8e4abf655a1d1bdde2fafe206bcb4a9d5a591d4dbb440800ce89e9faae76795355d9c335a330e9af8a9dd993aa2fcd072e3dc8b66ccf85328d2064519cf45d0e4dbd1fd592388c18d0be561e335914da9c2520242184696a6eaa3a23f1fe76e5e7753f7f94885e9fab7e166957849044ac3489fb05a7f747e417165e89b0140007c5776f2a0061162b5dcac3bd9f1064f818c84ae6234a8277be464366901287dd0e873cef977752ff34b5b9ddd71f016c37f2d42a5d5febdb5e5c59e3cc45765b5a16c68c2152bf86991b0b2534a4c3561759215b75df329a9074d8b2a16d569c356ec960800d75dcedf6530d4474af9dfab9d4829a1257d4887946a5d4c64a1d59792c3cb342b751c4c60b13bcf0f5bc56bfccd5af88bdf3f2197e2357bfcbf05afdc68e7e05a3de79c50cbf89a3df8578ad7e5357bf89ef9f5da064865feeea77195eab5fc75803427c67058685dd2f9fcab609bf4bf1dafc72c77c03c2bce70585197e1df36d295eab5fc77cc3f0f49e1794cdf0eb986f4bf15afd3ae61b7e39bce7058d66f875ccb7a578ad7e1df30d9bfbcf8b78865fc77c5b8ad7ead735df28f79f1789ddaf70cdb785786d7e856bbe01f59f17339edf846bbe2dc4fbe0575d54dd8e60e994dc3b6c77569637c33b9c98c2b8d05d71b891f1fc3fcfa7c9c09f375aabc3953ebba19049d079563f815242ff030a53a0dd7fb9310c1e8cdf9fb1cd5fcb25310e', 1699228800);
INSERT INTO public.raw_body_2023_11 VALUES (4, '\x789c9d944d8f9b3010867f8d8f41e3315f3ef410a5e1d8c36ef78c0c381112d8d4906cb7bfbe363659928a6855a44c606678fdcc8c71a59b8f6f841d082b7ef71d41b84a33b65a11f69d20d208acb55ea96addb4eaecdd6f3f8b5dee02ac20ec48606f0506694ea591833693cdf737e5d4f6729c443f04b99473444e21a8becbaad67d5fdead1947a95fd52ab3835457fd61533b31b5d3a5914108231627a957e9b43aaf626912c50ca98fb543299ac684b7384610619465a1a8fe6289cfb7957fecbd7f10165d5d7aefcd01760090f29d81c4278ceff7c82f2c9a896c88608e32af4e92200fc9d2b4a2fbd4e31c962b40f6a25e5182ad7c6f3b148c10d654953575edd35d53ff6815ca7d7b25581cc53849a3e678111a7795ca4da26d42f1cb247f2d9e1b08058c02cafc5669671dd4138aeb809de5142277fee6e67623a6394218f1160c7b0243b76028d0ff81e1b8ecb75a1b23dd4ed2aabca1c4cf40f119e7162500dfe0a4db9cc093f429e71ab35576dc57d1ad48f9d75aaa9ac7fe7076fb1e17d9b2b99879759fc696b8abe421863cfe8c8dc107fc61fe468af9f458e1c65fd98ef7a8ce2e288f14e12c3875e21c28e05faec469133c249c67764407ccb2dc3d6771eafe62e783f04bb38425eb1aeccdfa8c63c7bff9f15fcb', 1699229100);
INSERT INTO public.raw_body_2023_11 VALUES (5, '\x789cbd944d6f83300c867f4d8e8d82132839ec5075e5b8c33ece2890b44282c002ed3e7efddc26746c9dda6d9ac6c18a6cf3fab11da568f5cb15e14bc2b3e7a626c076c6f5556b09bf2600116568d16b6cd9eaca6ebcfbe13e9ba5fb00cf085f11b64081ceb875ee4cd7ba01f3fd211faac6f4836aba20974809492a58507d3245d9364dfea1a6a089af8aca7c69ecae7dc1d45a0dd5b0d5260801e5224ebc4adddacd2496c45470887cacea72a5b50b7f49a08c029dcf4353cd168937c7ca370befef14a2db6de3bd296333c65822678ec53ea17ffa887ccbe981084304523069b13604644836ae52f5bb9e946cfc0264a3ca0925c3ce1738a1609442531468cad2a7ef87fadadad0eec31d816ca5fac1387b88677e709545cf4eed575ae95039e09bc7a367648918d0685cb5ceb51acc7465221d5736cae67aeb7025e304381c978afb1ece47fb50dc97be049d9c818ebe868e2fd19e6105294e48d34b8cf39f33ee072bb910ff8cfafc0bd27988ff2d69120b2ea7b4cea8c31333996bfa1dda535208249f21c2555ad76a13204e6f258a2e618a8587e9dbc6576f39e46266', 1699268400);
INSERT INTO public.raw_body_2023_11 VALUES (6, '\x789cbd964d8fda3010407f8d8f44fe08213ef4807637c7aa6abbe7c8890db594d8d910d8d25fdf616d6f4877519005e560c18c19bf790ed89595c72f883d2056fc6e1b44f141f53b6d0d628f885292601821aa4c6da5365b177efe592cf2538215883d21bc86029dea3765af3adb0f30dfbd2907ddaadd20dace97cb386738c7d8577d55556ddbb69cac9926995b152ab307650ef608531b31e8612f952f4413962e3357a5b1667b96cb9649ca287139dd9542cade7f8bd304273459ad7c53ed1e88b7ef2b7f5dbb782700ddec5b1705dc0510677cd1e3a59bb07b9d227f67c91b11a410cda9caab8d4294fbc9aad7a219eb718ec3cb43b6a23ea3c4d0f91a0cf9410818aa0a86ba76d34f52ff58e3db7dfe8168f14dd47aa35dbe70e2b419547f10a72dd532acecfb7e19238104938484ad96a514831ab78ce6d92a6c59285bca7d0f5b120cb09087dd1efec9519e8eb99d8f8d4fc1655e128a7e0a4cff3f30990526918639663707e6d718a69186ef043c6f98c51a66fcd6c0045f63388d357c1fe079c3cb58c3abe5cd81c93586b358c3f7019e37bc8a33cc30213707a6d718cee30cdf0b78de70e449c7707af38383b02b0c93c893ee5ec013c3521d74ad2eea44172f4df06f3d5e9a5c9572387681dfc5856cb5294f00d3b86ec55695950e5c84c10fc71f57b535436f9bb32c7e4f487deaafdc34623bcdd90aae6207253fa4de9aac7f09635433fbd0f8791ffb885afa722bde3dbcf1fac3c7f38b367bfa0b2b6b24cc', 1699308000);
INSERT INTO public.raw_body_2023_11 VALUES (7, '\x789cbd964b6f9c3010807f8d8f8bccd83c7ce86195864ba51eaaf68c0c7636488ba160364d7f7d4d6c36904340169483856686f1c737e25134e2f50b220f88647fea2b027c935d5f350a91af08200cb0594d54aab21195bad8f0af9fd9291d132443e411e1b369d0caee29ef64db74dad4db935c57b5ec35af5bd72e660ca29060d7f545166553d7f9624f1ac47657d3993c48756b5e4de995eb4a0f42ba4610101ac5b6cbb55197592e8e024a20b4b9aacdb9109dbb8a4180030892c4dd543d18e2cb7de7ef671b6fb94157436da329c6278c71cc4e1d8e6c41ffb244fe41823722934290824c8b278980b962d955fcfade8f313c1d602b6a5ece284d949c8d21b7706e96a2304b59daf251eadf46b9db3df71547907de3fab9e64a0c6f35999557292dbb1b1fc75a09e7207466e4ef297407021c065356895c702d6773236389b3eafae662e8cc5c260df7b99a91eb0f3960f43dd7bb188ea7969f01c327c0f0bf71c3555ce2eb97c4bb03275bfc523fbfc7e0aefb8d7cfd26b03b70bac56fece7f718dc75bf89a75f3ab6df19986df19b7af93d0877dd2ff3f54be9dec021dee017b09fdf637057fd82eff78dde1fe6fd80c32d7efdbe6f07e12efcca9b547aceba8174bc24373f8b8e350a1789713b9759c43fbefc62b614674ee63f98e4f11f0df5d92a', 1699251300);
INSERT INTO public.reading_2023_11 VALUES (1, 94, 1699221600, '990000000102.1', 296, 0, '250102,59979,27782,7462,49,0,0,67535', NULL, 4, NULL);
INSERT INTO public.reading_2023_11 VALUES (1, 98, 1700000120, '990000000101.1', 296, 0, '1,2', NULL, 5, 'date');
INSERT INTO public.report VALUES (1, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (2, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (3, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (4, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (5, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Eastern', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (6, 1, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'US/Pacific', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.report VALUES (7, 2, '800-00069-r05', 'R3.12.34 (2e8bfe)', '192.0.2.77', '02:00:00:aa:bb:cc', 'Asia/Kathmandu', '12.3456', '65.4321', 'NA', NULL, NULL, NULL);
INSERT INTO public.schema_version VALUES (2, 1795931536);
INSERT INTO public.schema_version VALUES (3, 1795953940);
INSERT INTO public.schema_version VALUES (4, 1795953940);
INSERT INTO public.schema_version VALUES (5, 1795965894);
INSERT INTO public.store VALUES ('c0249f88045e4fbeb045ad4f0daec278', 0, 1699056000);
INSERT INTO public.unit_list VALUES (1, '990000000101
990000000101.1
990000000102
990000000102.1
990000000103
990000000103.1
990000000901
990000000901.1', '["01232456",[[null,1,1699308000,0],[1699304700,null,1699308000,1],[null,1,1699056000,2],[1699304700,null,1699056000,3],[1699099500,null,1699056000,3],[null,11,1699056000,4],[1699045500,null,1699056000,3]],["{\"admin_state\":1,\"condition_flags\":0,\"control_bits\":0,\"device_type\":1,\"image_bits\":131072,\"observed_flags\":0,\"part_num\":\"800-00103-r05\"}","{\"channel_type\":1,\"condition_flags\":0,\"control_bits\":0,\"observed_flags\":0}","{\"admin_state\":1,\"condition_flags\":2359296,\"control_bits\":0,\"device_type\":1,\"image_bits\":131072,\"observed_flags\":0,\"part_num\":\"800-00103-r05\"}","{\"channel_type\":1,\"condition_flags\":16,\"control_bits\":0,\"observed_flags\":0}","{\"admin_state\":1,\"condition_flags\":2359296,\"control_bits\":0,\"device_type\":11,\"image_bits\":131072,\"observed_flags\":0,\"part_num\":\"800-00103-r05\"}"]]');
INSERT INTO public.unit_list VALUES (2, '990000000201.1
990000000202', '["00",[[1699248000,null,null,-1]],[]]');
SELECT pg_catalog.setval('public.envoy_envoy_id_seq', 2, true);
SELECT pg_catalog.setval('public.quarantine_quarantine_id_seq', 1, false);
SELECT pg_catalog.setval('public.raw_raw_id_seq', 7, true);
SELECT pg_catalog.setval('public.receipt_receipt_id_seq', 1, false);
ALTER TABLE ONLY public.answer
    ADD CONSTRAINT answer_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.channel
    ADD CONSTRAINT channel_pkey PRIMARY KEY (envoy_id, eqid, reported);
ALTER TABLE ONLY public.device
    ADD CONSTRAINT device_pkey PRIMARY KEY (envoy_id, eqid, reported);
ALTER TABLE ONLY public.energy_hour
    ADD CONSTRAINT energy_hour_pkey PRIMARY KEY (envoy_id, eqid, hour, offset_s);
ALTER TABLE ONLY public.energy_hour_2023_11
    ADD CONSTRAINT energy_hour_2023_11_pkey PRIMARY KEY (envoy_id, eqid, hour, offset_s);
ALTER TABLE ONLY public.energy_hour_rest
    ADD CONSTRAINT energy_hour_rest_pkey PRIMARY KEY (envoy_id, eqid, hour, offset_s);
ALTER TABLE ONLY public.envoy_day
    ADD CONSTRAINT envoy_day_pkey PRIMARY KEY (envoy_id, day);
ALTER TABLE ONLY public.envoy_day_2023_11
    ADD CONSTRAINT envoy_day_2023_11_pkey PRIMARY KEY (envoy_id, day);
ALTER TABLE ONLY public.envoy_day_rest
    ADD CONSTRAINT envoy_day_rest_pkey PRIMARY KEY (envoy_id, day);
ALTER TABLE ONLY public.envoy
    ADD CONSTRAINT envoy_pkey PRIMARY KEY (envoy_id);
ALTER TABLE ONLY public.envoy
    ADD CONSTRAINT envoy_serial_num_key UNIQUE (serial_num);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (envoy_id, id, event_date);
ALTER TABLE ONLY public.event_2023_11
    ADD CONSTRAINT event_2023_11_pkey PRIMARY KEY (envoy_id, id, event_date);
ALTER TABLE ONLY public.event_rest
    ADD CONSTRAINT event_rest_pkey PRIMARY KEY (envoy_id, id, event_date);
ALTER TABLE ONLY public."interval"
    ADD CONSTRAINT interval_pkey PRIMARY KEY (envoy_id, id, end_date);
ALTER TABLE ONLY public.interval_2023_11
    ADD CONSTRAINT interval_2023_11_pkey PRIMARY KEY (envoy_id, id, end_date);
ALTER TABLE ONLY public.interval_rest
    ADD CONSTRAINT interval_rest_pkey PRIMARY KEY (envoy_id, id, end_date);
ALTER TABLE ONLY public.odd_row
    ADD CONSTRAINT odd_row_pkey PRIMARY KEY (envoy_id, digest);
ALTER TABLE ONLY public.open_event
    ADD CONSTRAINT open_event_pkey PRIMARY KEY (envoy_id, id, event_date);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.panel
    ADD CONSTRAINT panel_pkey PRIMARY KEY (envoy_id, eqid);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_sha256_key UNIQUE (sha256);
ALTER TABLE ONLY public.raw_body
    ADD CONSTRAINT raw_body_pkey PRIMARY KEY (raw_id, received);
ALTER TABLE ONLY public.raw_body_2023_11
    ADD CONSTRAINT raw_body_2023_11_pkey PRIMARY KEY (raw_id, received);
ALTER TABLE ONLY public.raw_body_rest
    ADD CONSTRAINT raw_body_rest_pkey PRIMARY KEY (raw_id, received);
ALTER TABLE ONLY public.raw
    ADD CONSTRAINT raw_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.raw
    ADD CONSTRAINT raw_sha256_key UNIQUE (sha256);
ALTER TABLE ONLY public.reading
    ADD CONSTRAINT reading_pkey PRIMARY KEY (envoy_id, id, date);
ALTER TABLE ONLY public.reading_2023_11
    ADD CONSTRAINT reading_2023_11_pkey PRIMARY KEY (envoy_id, id, date);
ALTER TABLE ONLY public.reading_rest
    ADD CONSTRAINT reading_rest_pkey PRIMARY KEY (envoy_id, id, date);
ALTER TABLE ONLY public.receipt
    ADD CONSTRAINT receipt_pkey PRIMARY KEY (receipt_id);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_pkey PRIMARY KEY (raw_id);
ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.store
    ADD CONSTRAINT store_pkey PRIMARY KEY (store_id);
ALTER TABLE ONLY public.unit_list
    ADD CONSTRAINT unit_list_pkey PRIMARY KEY (envoy_id);
ALTER TABLE ONLY public.variant
    ADD CONSTRAINT variant_pkey PRIMARY KEY (envoy_id, digest);
CREATE INDEX event_partner ON ONLY public.event USING btree (envoy_id, correlation_id);
CREATE INDEX event_2023_11_envoy_id_correlation_id_idx ON public.event_2023_11 USING btree (envoy_id, correlation_id);
CREATE INDEX event_rest_envoy_id_correlation_id_idx ON public.event_rest USING btree (envoy_id, correlation_id);
CREATE INDEX interval_counted ON ONLY public."interval" USING btree (eqid, end_date, interval_duration) WHERE ((energy_j IS NOT NULL) AND (left_out IS NULL));
CREATE INDEX interval_2023_11_eqid_end_date_interval_duration_idx ON public.interval_2023_11 USING btree (eqid, end_date, interval_duration) WHERE ((energy_j IS NOT NULL) AND (left_out IS NULL));
CREATE INDEX interval_rest_eqid_end_date_interval_duration_idx ON public.interval_rest USING btree (eqid, end_date, interval_duration) WHERE ((energy_j IS NOT NULL) AND (left_out IS NULL));
CREATE INDEX outbox_heads ON public.outbox USING btree (envoy_id, raw_id) WHERE (NOT stuck);
CREATE INDEX outbox_stuck ON public.outbox USING btree (next_try) WHERE stuck;
CREATE INDEX raw_dead ON public.raw USING btree (raw_id) WHERE (forward_state = 'dead_letter'::text);
CREATE INDEX raw_envoy ON public.raw USING btree (envoy_id, raw_id);
CREATE INDEX raw_pending ON public.raw USING btree (raw_id) WHERE (parse_state = 'pending'::text);
CREATE INDEX raw_unparsable ON public.raw USING btree (raw_id, size) WHERE (parse_state = 'unparsable'::text);
CREATE INDEX receipt_raw ON public.receipt USING btree (raw_id);
CREATE INDEX report_envoy ON public.report USING btree (envoy_id, raw_id);
ALTER INDEX public.energy_hour_pkey ATTACH PARTITION public.energy_hour_2023_11_pkey;
ALTER INDEX public.energy_hour_pkey ATTACH PARTITION public.energy_hour_rest_pkey;
ALTER INDEX public.envoy_day_pkey ATTACH PARTITION public.envoy_day_2023_11_pkey;
ALTER INDEX public.envoy_day_pkey ATTACH PARTITION public.envoy_day_rest_pkey;
ALTER INDEX public.event_partner ATTACH PARTITION public.event_2023_11_envoy_id_correlation_id_idx;
ALTER INDEX public.event_pkey ATTACH PARTITION public.event_2023_11_pkey;
ALTER INDEX public.event_partner ATTACH PARTITION public.event_rest_envoy_id_correlation_id_idx;
ALTER INDEX public.event_pkey ATTACH PARTITION public.event_rest_pkey;
ALTER INDEX public.interval_counted ATTACH PARTITION public.interval_2023_11_eqid_end_date_interval_duration_idx;
ALTER INDEX public.interval_pkey ATTACH PARTITION public.interval_2023_11_pkey;
ALTER INDEX public.interval_counted ATTACH PARTITION public.interval_rest_eqid_end_date_interval_duration_idx;
ALTER INDEX public.interval_pkey ATTACH PARTITION public.interval_rest_pkey;
ALTER INDEX public.raw_body_pkey ATTACH PARTITION public.raw_body_2023_11_pkey;
ALTER INDEX public.raw_body_pkey ATTACH PARTITION public.raw_body_rest_pkey;
ALTER INDEX public.reading_pkey ATTACH PARTITION public.reading_2023_11_pkey;
ALTER INDEX public.reading_pkey ATTACH PARTITION public.reading_rest_pkey;
