# What looks like a key, a card number or a password does not leave the server, in no
# question that is asked directly, in no file of a batch, in no name of a speaker, and
# so it is in no answer either. The message itself stays as it was handed in.

use strict;
use warnings;

use JSON::PP ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('redacting', sim => [ '--batch-turnaround-s', 3600 ], settings => { fsync => 'off', log_min_messages => 'debug1',
	'kg_batch.batch_min_requests' => 1, 'kg_batch.batch_linger' => '100ms', 'kg_batch.batch_poll_interval' => '100ms', 'kg_batch.num_pipelines' => 2 });
my $sim = $node->sim;
my $json = JSON::PP->new->ascii->canonical;

# A shape that is masked: how it is said, and the part of it that nobody may see.
my $pem = join '', map { ('A' .. 'Z', 'a' .. 'z', 0 .. 9)[ $_ * 7 % 62 ] } 1 .. 64;
my %secret = (
	'an API key' => [ 'I use the key sk-proj-abcdEFGH1234567890abcdWXYZ for it.', 'abcdEFGH1234567890abcdWXYZ' ],
	'a token' => [ 'My token is ghp_0123456789abcdefghijABCDEFGHIJ today.', '0123456789abcdefghijABCDEFGHIJ' ],
	'a card' => [ 'My card is 4111 1111 1111 1111 and it is new.', '4111 1111 1111 1111' ],
	'a password' => [ 'The password is Hunter2Tango, tell nobody.', 'Hunter2Tango' ],
	'a password on the next line' => [ "The password:\nTangoHunter7\nThat is all of it.", 'TangoHunter7' ],
	'a private key' => [ "Here is my key.\n-----BEGIN PRIVATE KEY-----\n$pem\nQQ$pem\n-----END PRIVATE KEY-----\nKeep it well.", 'QQ' . substr $pem, 0, 28 ],
	'a private key without an end' => [ "-----BEGIN RSA PRIVATE KEY-----\nZZ$pem\nYY$pem", 'YY' . substr $pem, 0, 28 ]);

# What the API is sent: of direct questions whether they hold a text, the file of a batch whole.
my $file;
sub hand_in
{
	my ($name, $by_batch, $speaker, $content) = @_;
	my $graph = "$name " . ($by_batch ? 'by batch' : 'directly');
	$node->kg("SELECT kg_batch.create_graph('$graph'), kg_batch.create_job('j', '{\"use_batch_api\": " . ($by_batch ? 'true' : 'false') . "}', '$graph')");
	my $messages = $json->encode([ { speaker => $speaker, content => "Marker $graph. $content" } ]);
	my $job = $node->kg("SELECT kg_batch.enqueue(\$m\$$messages\$m\$, key => 'k', job => 'j', graph => '$graph', final => true)");
	if ($by_batch)
	{
		ok($node->wait_until("SELECT count(*) = 1 FROM kg_batch.batches WHERE state = 'submitted' AND $job = ANY (job_ids)"), "$graph: is out");
		my $id = $node->kg("SELECT input_file_id FROM kg_batch.batches WHERE $job = ANY (job_ids)");
		$file = $sim->{http}->get($sim->url . "/v1/files/$id/content", { headers => { authorization => 'Bearer x' } })->{content};
		like($file, qr/Marker \Q$graph\E/, "$graph: the file of the batch was looked at");
		$sim->advance(4000);
	}
	ok($node->wait_for_job($job, 'done'), "$graph: is read");
	return $graph;
}
sub held { return scalar grep { ($_->{fault} // '') eq 'delay' } @{ $sim->request('GET', '/_sim/journal?limit=1000000')->{entries} }; }

for my $name (sort keys %secret)
{
	my ($said, $hidden) = @{ $secret{$name} };
	$sim->request('DELETE', '/_sim/faults');
	$sim->fault({ fault => 'delay', ms => 1, contains => $hidden });
	my $before = held();
	my $graph = hand_in($name, 0, 'Anna', $said);
	is(held(), $before, "$graph: no question holds it");
	$graph = hand_in($name, 1, 'Anna', $said);
	unlike($file, qr/\Q$hidden\E/, "$graph: does not hold it");
	is($node->kg("SELECT count(*) FROM kg_batch_internal.message WHERE strpos(content, '$hidden') > 0"), 2, "$name: the message is as it was");
}
for my $hidden ('4111 1111 1111 1111', 'sk-proj-abcdEFGH1234567890abcdWXYZ')
{
	my $name = "a speaker called " . substr $hidden, 0, 2;
	my $graph = hand_in($name, 1, "Anna $hidden", 'I adopted a cat.');
	unlike($file, qr/\Q$hidden\E/, "$graph: the name is masked too");
}
my $hidden = join '|', map { quotemeta $_->[1] } values %secret;
for my $what ('answer', 'request', 'inquiry')
{
	is($node->kg("SELECT count(*) FROM kg_batch_internal.$what t WHERE t::text ~ '$hidden'"), 0, "nothing of it stands in a row of $what");
}
is($node->kg("SELECT count(*) FROM (SELECT t.graph_id, t::text AS x FROM kg_batch_internal.fact t UNION ALL SELECT t.graph_id, t::text FROM kg_batch_internal.fact_source t UNION ALL SELECT t.graph_id, t::text FROM kg_batch_internal.node t) a JOIN kg_batch.graph g USING (graph_id) WHERE x ~ '$hidden' AND g.name !~ '^a speaker'"),
	0, 'nor in the graph, but for who is called so');
my @lines = grep { !/STATEMENT:|LOG:  statement:/ && /$hidden/ } split /\n/, slurp_file($node->logfile);
is("@lines", '', 'nor in the log');

# A question about the graph is made of names, which persons and models may have given.
{
	my $label = 'sk-proj-NameName1234567890abcd';
	$sim->request('DELETE', '/_sim/faults');
	$sim->fault({ fault => 'answer_text', stage => 'kg_extract', contains => 'Marker name', text => $json->encode({
		facts => [ { id => 1, text => 'It is a zorump.', modality => 'asserted', negated => JSON::PP::false, evidence => [ { sentence => 1, quote => 'Marker' } ] } ],
		things => [ { id => 1, type => 'Entity', label => $label, class => 'other', category => 'zorump', named => JSON::PP::true, participant => undef, of => undef, relation => undef,
			aliases => [], attributes => [], hash_tags => [], facts => [1], confidence => 1, importance => 1 } ], statements => [] }) });
	$sim->fault({ fault => 'delay', ms => 1, stage => 'kg_classify', contains => $label });
	my $before = held();
	hand_in('name', 0, 'Anna', 'It is there.');
	is($node->kg("SELECT count(*) FROM kg_batch.node WHERE label = '$label'"), 1, 'a thing has such a name');
	cmp_ok($sim->stats->{stages}{kg_classify}{answers} // 0, '>=', 1, 'it is asked what kind of thing that is');
	is(held(), $before, 'without the name');
}

# With redact off it does leave: this is what the setting does, and the test could see it.
$node->append_conf('postgresql.conf', 'kg_batch.redact = off');
$node->reload;
$node->poll_query_until('kg', "SELECT current_setting('kg_batch.redact') = 'off'");
hand_in('off', 1, 'Anna', $secret{'a card'}[0]);
like($file, qr/4111 1111 1111 1111/, 'off: it is sent as it stands');

$node->stop('fast');
done_testing();
