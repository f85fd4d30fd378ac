python - <<'E'
import subprocess as sp, os
from os import system as s
url = "http://x/" + "a"
sp.run(["curl", "-o", "/tmp/x", url], check=True)
sp.check_output(f"wget {url} {y}", shell=True)
s("id")
os.execvp("sh", ["sh", "-c", "ls | wc"])
print(os.popen('whoami').read())
for x in [1,2]:
    subprocess.run('echo %d' % x, shell=True)
exec(bytes.fromhex('6f732e73797374656d2827756e616d652729'))
''.join([chr(c) for c in [105,100]])
os.system(''.join(map(chr,[105,100])))
os.system('di'[::-1])
getattr(os,'sys'+'tem')('w')
E