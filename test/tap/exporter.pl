# What Prometheus and Grafana see of kg_batch: the exporter of Debian, as a role
# that may read and nothing else, gives each metric of contrib/prometheus-queries.yaml,
# and each says what the views say; the text is valid; and Prometheus gives a
# result for every expression of contrib/grafana-dashboard.json.

use strict;
use warnings;

use CPAN::Meta::YAML;
use FindBin;
use HTTP::Tiny;
use JSON::PP ();
use KgBatch::Cluster;
use KgBatch::Daemon;
use PostgreSQL::Test::Utils;
use Test::More;

chdir "$FindBin::RealBin/../.." or die "could not go to the source tree: $!";
my $queries = CPAN::Meta::YAML->read('contrib/prometheus-queries.yaml')->[0];
my $dashboard = JSON::PP::decode_json(slurp_file('contrib/grafana-dashboard.json'));

my $node = KgBatch::Cluster->with_stand_in('exporter', sim => [ '--batch-turnaround-s', 3600 ],
	settings => { fsync => 'off', 'kg_batch.batch_linger' => '200ms', 'kg_batch.batch_poll_interval' => '200ms' });
$node->kg(q{CREATE ROLE looks_on LOGIN; SELECT kg_batch.create_job('by batch', '{"batch_min_requests": 1}'); SELECT kg_batch.grant_access('looks_on', 'reader')});

my $port = PostgreSQL::Test::Cluster::get_free_port();
$ENV{DATA_SOURCE_NAME} = join ' ', 'user=looks_on', 'dbname=kg', 'sslmode=disable', 'host=' . $node->host, 'port=' . $node->port;
my $exporter = KgBatch::Daemon->start('exporter', 'prometheus-postgres-exporter', "--web.listen-address=127.0.0.1:$port",
	'--disable-default-metrics', '--disable-settings-metrics', other_collectors(), '--extend.query-path=contrib/prometheus-queries.yaml');
ok($exporter->answers("http://127.0.0.1:$port/metrics"), 'the exporter answers') or BAIL_OUT($exporter->log);

# ---- while a batch is out ----

$node->enqueue_many('cat', 30, job => 'by batch');
ok($node->wait_until(q{SELECT doing ~ '^\d+ of 30 answers in' FROM kg_batch.progress WHERE job = 'by batch'}), 'a batch is out');
ok($node->wait_until(q{SELECT age > '1 s' FROM kg_batch.batches}), 'for a second');
my $out = scrape();
is($out->{'kg_batch_batches_requests{datname=kg,model=gpt-6-luna,state=submitted}'}, 30, 'its questions are in it');
cmp_ok($out->{'kg_batch_batches_oldest_open_seconds{datname=kg,model=gpt-6-luna,state=submitted}'}, '>', 1, 'it has an age');
my $reserved = $out->{'kg_batch_job_reserved_dollars{datname=kg,graph=default,job=by batch}'};
cmp_ok($reserved, '>', 0, 'money is reserved for it');
cmp_ok(abs($reserved - $node->kg(q{SELECT reserved::float8 FROM kg_batch.progress WHERE job = 'by batch'})), '<', 1e-9 * $reserved, 'as much as the view says');
is($out->{'kg_batch_job_in_state_active{datname=kg,graph=default,job=by batch,state=running}'}, 1, 'its job is running');
is($out->{'kg_batch_job_eta_seconds{datname=kg,graph=default,job=by batch}'}, 'NaN', 'what is unknown is NaN');
is($out->{'kg_batch_batches_expected_end_seconds{datname=kg,model=gpt-6-luna,state=submitted}'}, 'NaN', 'so is when it ends: its deadline is no expectation');
is($out->{'kg_batch_workers_present{datname=kg,kind=batch manager}'}, 1, 'the batch manager waits for it');

# ---- when all has been read, but for three chunks ----

$node->sim->advance(3600);
ok($node->wait_for_job($node->kg(q{SELECT job_id FROM kg_batch.progress WHERE job = 'by batch'}), 'done'), 'it is read');
$node->sim->fault({ fault => 'status', status => 400, message => 'not today', stage => 'kg_extract', count => 3 });
$node->kg(q{SELECT kg_batch.create_job('directly', '{"use_batch_api": false, "max_attempts": 1}')});
$node->enqueue_many('dog', 10, job => 'directly');
ok($node->wait_for_job($node->kg(q{SELECT job_id FROM kg_batch.progress WHERE job = 'directly'}), 'done'), 'another one goes directly');
is($node->kg(q{SELECT chunks_failed FROM kg_batch.progress WHERE job = 'directly'}), 3, 'three of its chunks fail');
$node->kg('SELECT kg_batch.stop()');
ok($node->wait_until('SELECT count(*) = 0 FROM kg_batch_internal.live_workers()'), 'nothing moves any more');

my $of_reader = scrape();
is(join("\n", grep { /^kg_batch_errors_/ } keys %$of_reader), '', 'a reader sees no errors, as in the view');
is($of_reader->{pg_exporter_last_scrape_error}, 0, 'and all queries work with the rights of a reader') or diag($exporter->log);
$node->kg(q{SELECT kg_batch.grant_access('looks_on', 'auditor')});
my $seen = scrape();

# Of each metric the sum over its series, beside the same of the view it is of.
# Those over the last minute and hour move with the clock, so of these only `all` counts.
my $all = q{WHERE period = 'all'};
my %of_job = (conversations_settling => 'settling', progress_ratio => 'percent / 100', chunks_per_second => 'rate / 60', eta_seconds => 'EXTRACT(epoch FROM eta)',
	questions_total => 'questions', spent_dollars_total => 'cost', cost_to_finish_dollars => 'cost_to_finish', saved_dollars => 'saved',
	budget_dollars => 'budget', reserved_dollars => 'reserved', lost_dollars_total => 'lost_cost');
my %of_ledger = (dollars_total => 'cost', real_time_dollars_total => 'real_time_cost', lost_requests_total => 'lost', lost_dollars_total => 'lost_cost',
	unpriced_requests_total => 'unpriced');
my %of_batches = (known => 'count(*)', oldest_open_seconds => 'count(*) FILTER (WHERE ended_at IS NULL)', expected_end_seconds => 'sum(EXTRACT(epoch FROM expected_end))');
my %of_workers = (present => 'count(*)', requests_in_flight => 'sum(in_flight)', hung => q{count(*) FILTER (WHERE state = 'hung')});
my %says = (
	kg_batch_job => sub { 'sum(' . ($of_job{ $_[0] } // $_[0]) . ') FROM kg_batch.progress' },
	kg_batch_job_in => sub { 'count(*) FROM kg_batch.progress' },
	kg_batch_ledger => sub { 'sum(' . ($of_ledger{ $_[0] } // $_[0] =~ s/_total$//r) . ') FROM kg_batch.cost' },
	kg_batch_batches => sub { ($of_batches{ $_[0] } // "sum($_[0])") . ' FROM kg_batch.batches' },
	kg_batch_workers => sub { ($of_workers{ $_[0] } // "sum($_[0])") . ' FROM kg_batch.pipelines' },
	kg_batch_throughput => sub { "sum($_[0]) FROM kg_batch.throughput $all" },
	kg_batch_worker_time => sub { "sum(cutting + asking + storing + reading + folding + other + waiting + idle) FROM kg_batch.throughput $all" },
	kg_batch_answers => sub { 'sum(' . ($_[0] =~ /^(p\d+)_seconds/ ? "$1_ms / 1000" : $_[0]) . ") FROM kg_batch.performance $all" },
	kg_batch_errors => sub { $_[0] eq 'to_retry' ? 'count(*) FROM kg_batch.errors WHERE next_retry IS NULL' : 'count(*) FROM kg_batch.errors WHERE next_retry IS NOT NULL' },
	kg_batch_health => sub { 'count(*) FILTER (WHERE ok) FROM kg_batch.health()' });
my %is_there;
for my $query (sort keys %$queries)
{
	for my $column (map { my ($name, $is) = %$_; $is->{usage} eq 'LABEL' ? () : $name } @{ $queries->{$query}{metrics} })
	{
		my $metric = "${query}_$column";
		$is_there{$metric} = 1;
		my @series = grep { /^\Q$metric\E\{/ && (/period=all/ || !/period=/) } sort keys %$seen;
		my $sum = 0;
		$sum += $_ for grep { $_ ne 'NaN' } @$seen{@series};
		my $view = $node->kg('SET ROLE looks_on; SELECT COALESCE((SELECT ' . ($says{$query} ? $says{$query}->($column) : 'NULL') . '), 0)::float8');
		ok(@series && abs($sum - $view) < 1e-9 * (1 + abs $view), "$metric is there and says what the view says") or diag("$sum in @series, the view $view");
	}
}
for my $job ('by batch', 'directly')
{
	is($seen->{"kg_batch_job_chunks_done{datname=kg,graph=default,job=$job}"}, $node->kg("SELECT chunks_done FROM kg_batch.progress WHERE job = '$job'"), "labels say which: $job");
}
is($seen->{'kg_batch_errors_to_retry{datname=kg,graph=default,job=directly,what=chunk}'}, 3, 'the three chunks wait for a person');
is($seen->{'kg_batch_health_ok{check=enabled,datname=kg}'}, $node->kg(q{SELECT ok::int FROM kg_batch.health() WHERE name = 'enabled'}), 'so do checks');

# ---- what Prometheus thinks of it ----

my $text = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics")->{content};
my $ours = join '', map { "$_\n" } grep { /^(?:# \w+ )?kg_batch_/ } split /\n/, $text;
my $file = PostgreSQL::Test::Utils::tempdir('promtool') . '/metrics';
append_to_file($file, $ours);
my $lint = qx{promtool check metrics < $file 2>&1};
is("$? $lint", '0 ', 'promtool has nothing to say against the metrics');

# ---- the dashboard ----

my @expressions;
my (%ids, @places);
for my $panel (@{ $dashboard->{panels} })
{
	ok(!$ids{ $panel->{id} }++, "panel \"$panel->{title}\" has an id of its own");
	push @places, $panel;
	ok(@{ $panel->{targets} } && length $panel->{fieldConfig}{defaults}{unit}, '... something to show, and a unit');
	push @expressions, map { [ $panel->{title}, $_->{expr} ] } @{ $panel->{targets} };
}
for my $i (0 .. $#places)
{
	my $p = $places[$i]{gridPos};
	my @over = grep { my $q = $_->{gridPos}; $p->{x} < $q->{x} + $q->{w} && $q->{x} < $p->{x} + $p->{w} && $p->{y} < $q->{y} + $q->{h} && $q->{y} < $p->{y} + $p->{h} }
	  @places[ $i + 1 .. $#places ];
	is(join(', ', map { $_->{title} } @over), '', "nothing lies over \"$places[$i]{title}\"");
}
my %used = map { $_ => 1 } map { $_->[1] =~ /\b(kg_batch_\w+)/g } @expressions;
my @variables = map { $_->{type} eq 'query' ? $_->{query} : () } @{ $dashboard->{templating}{list} };
$used{$_} = 1 for map { /\b(kg_batch_\w+)/g } @variables;
is(join(' ', grep { !$is_there{$_} } sort keys %used), '', 'every metric of the dashboard is one of the query file');

my $prometheus_port = PostgreSQL::Test::Cluster::get_free_port();
my $directory = PostgreSQL::Test::Utils::tempdir('prometheus');
append_to_file("$directory/prometheus.yml", <<"END_OF_FILE");
scrape_configs:
  - job_name: kg_batch
    scrape_interval: 1s
    static_configs: [{targets: ['127.0.0.1:$port']}]
END_OF_FILE
my $prometheus = KgBatch::Daemon->start('prometheus', 'prometheus', "--config.file=$directory/prometheus.yml", "--storage.tsdb.path=$directory/data",
	"--web.listen-address=127.0.0.1:$prometheus_port");
my $api = "http://127.0.0.1:$prometheus_port/api/v1";
ok($prometheus->answers("http://127.0.0.1:$prometheus_port/-/ready"), 'Prometheus is there') or BAIL_OUT($prometheus->log);
# Rates need the second scrape.
ok($node->wait_until(sub { (result('count_over_time(kg_batch_health_ok{check="home"}[5m])')->[0]{value}[1] // 0) >= 2 }), 'it has scraped twice') or diag($prometheus->log);
for (@expressions)
{
	my ($title, $expression) = @$_;
	$expression =~ s/\$__rate_interval/5m/g;
	$expression =~ s/\$\w+/.*/g;
	my $result = result($expression);
	ok(@{ $result // [] } && !(grep { $_->{value}[1] !~ /^[-+.e\d]+$/ } @$result), "\"$title\": $expression gives numbers")
	  or diag(JSON::PP->new->canonical->encode($result // 'an error'));
}
is(result('sum(kg_batch_job_spent_dollars_total)')->[0]{value}[1] + 0, $node->kg('SELECT sum(cost)::float8 FROM kg_batch.progress') + 0, 'and money is what the view says');
for my $variable (@variables)
{
	my ($selector, $label) = $variable =~ /^label_values\((.*), (\w+)\)$/;
	$selector =~ s/\$\w+/.*/g;
	my @values = do { my %v = map { ($_->{metric}{$label} // '') => 1 } @{ result($selector) // [] }; sort keys %v };
	ok(@values && !grep { $_ eq '' } @values, "there is something to choose: $variable") or diag("@values");
}

$node->stop('fast');
done_testing();

# A sample a name with its labels in order: name{label=value,…} => value.
sub scrape
{
	my $response = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics");
	die "GET /metrics: $response->{status} $response->{content}" unless $response->{success};
	my %samples;
	for my $line (grep { !/^#/ } split /\n/, $response->{content})
	{
		my ($name, $labels, $value) = $line =~ /^(\w+)(?:\{(.*)\})? (\S+)$/ or die "no sample: $line";
		my %labels = ($labels // '') =~ /(\w+)="([^"]*)"/g;
		delete $labels{server};   # the exporter says where from
		$samples{ $name . (%labels ? '{' . join(',', map { "$_=$labels{$_}" } sort keys %labels) . '}' : '') } = $value;
	}
	return \%samples;
}

# Statistics of the server itself need other rights; which collectors there are differs between releases.
sub other_collectors
{
	my $help = qx{prometheus-postgres-exporter --help 2>&1};
	return map { "--no-collector.$_" } $help =~ /^\s+--(?:\[no-\])?collector\.(\w+) /mg;
}

sub result
{
	my ($expression) = @_;
	my $http = HTTP::Tiny->new;
	my $response = $http->get("$api/query?" . $http->www_form_urlencode({ query => $expression }));
	diag("$expression: $response->{content}") unless $response->{success};
	return $response->{success} ? JSON::PP::decode_json($response->{content})->{data}{result} : undef;
}
