// Loopback load tool: lg -p PORT -c CONNS -n COUNT [-w WARM] [-r RATE] [-b BODYFILE] [-H header]... [-P pid,pid..] [-t MAXSEC] [-u path] [-l label] [-a TOKEN]
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <time.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/resource.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
typedef struct { int fd,busy; double t0,tfb; int st; long need; int chunked; long crem; int hlen; char hb[16384]; char sz[32]; int szl; int status; } K;
static int ep,port,C=1; static long N=1000,W=0; static double rate=0,maxs=60; static char req[1<<20]; static int rl; static float *lat,*fb; static long done=0,err=0,sent=0,bad=0,bytes=0; static double tstart=0; static K*ks; static char*pids=NULL; static double cpu0[64]; static char*label="";
static double now(){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec+t.tv_nsec*1e-9;}
static double pcpu(int pid){char p[64],b[1024];sprintf(p,"/proc/%d/stat",pid);FILE*f=fopen(p,"r");if(!f)return 0;int n=fread(b,1,1023,f);b[n]=0;fclose(f);char*q=strrchr(b,')')+2;unsigned long u,s;sscanf(q,"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",&u,&s);return (u+s)/(double)sysconf(_SC_CLK_TCK);}
static double rss(int pid){char p[64],b[256];sprintf(p,"/proc/%d/statm",pid);FILE*f=fopen(p,"r");if(!f)return 0;long a,r=0;if(fscanf(f,"%ld %ld",&a,&r)!=2)r=0;fclose(f);(void)b;return r*4096/1048576.0;}
static int conn1(K*k){ int fd=socket(AF_INET,SOCK_STREAM,0); struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(port),.sin_addr.s_addr=htonl(INADDR_LOOPBACK)}; if(connect(fd,(void*)&a,sizeof a)){perror("connect");exit(2);} int one=1; setsockopt(fd,IPPROTO_TCP,TCP_NODELAY,&one,4); k->fd=fd; struct epoll_event e={.events=EPOLLIN,.data.ptr=k}; epoll_ctl(ep,EPOLL_CTL_ADD,fd,&e); return 0; }
static void fire(K*k,double at){ k->busy=1;k->t0=at;k->tfb=0;k->st=0;k->hlen=0;k->szl=0;k->chunked=0;k->need=0; sent++; int o=0; while(o<rl){int r=send(k->fd,req+o,rl-o,MSG_NOSIGNAL); if(r<0){err++;k->busy=0;close(k->fd);conn1(k);return;} o+=r;} }
static int cmpf(const void*a,const void*b){float x=*(float*)a,y=*(float*)b;return x<y?-1:x>y;}
static void fin(K*k,double t){ k->busy=0; long i=done-W; if(done==W){ tstart=t; if(pids){char*d=strdup(pids);int j=0;for(char*p=strtok(d,",");p;p=strtok(0,","))cpu0[j++]=pcpu(atoi(p));} } if(i>=0&&i<N){lat[i]=(t-k->t0)*1e6;fb[i]=((k->tfb?k->tfb:t)-k->t0)*1e6;} if(k->status!=200)bad++; done++; }
// returns 1 if the response completed
static int feed(K*k,char*p,int n,double t){ bytes+=n; while(n>0){ if(k->st==0){ int take=n; if(k->hlen+take>16380)take=16380-k->hlen; memcpy(k->hb+k->hlen,p,take); int from=k->hlen>3?k->hlen-3:0; k->hlen+=take; char*e=memmem(k->hb+from,k->hlen-from,"\r\n\r\n",4); if(!e) return 0; int hl=e-k->hb+4; int used=take-(k->hlen-hl); p+=used;n-=used; k->hb[hl]=0; k->status=atoi(k->hb+9); char*c=strcasestr(k->hb,"\r\ncontent-length:"); if(c){k->need=atol(c+17);k->st=1; if(k->need==0) return 1;} else { k->st=2; k->szl=0; } continue; }
   if(!k->tfb) k->tfb=t;
   if(k->st==1){ if(n>=k->need) return 1; k->need-=n; return 0; }
   if(k->st==2){ char ch=*p++;n--; if(ch=='\n'){ k->sz[k->szl]=0; k->crem=strtol(k->sz,0,16); k->szl=0; k->st=k->crem==0?4:3; if(k->crem) k->crem+=2; else k->crem=2; } else if(k->szl<30) k->sz[k->szl++]=ch; continue; }
   if(k->st==3){ int u=n<k->crem?n:k->crem; p+=u;n-=u;k->crem-=u; if(k->crem==0)k->st=2; continue; }
   if(k->st==4){ int u=n<k->crem?n:k->crem; p+=u;n-=u;k->crem-=u; if(k->crem==0) return 1; continue; } }
  return 0; }
int main(int ac,char**av){ char hdr[4096]="";char*tok="sk-mock-000000000000000000000000";char*bf=NULL,*path="/v1/chat/completions"; int o; while((o=getopt(ac,av,"p:c:n:w:r:b:H:P:t:u:l:a:"))!=-1) switch(o){case'p':port=atoi(optarg);break;case'c':C=atoi(optarg);break;case'n':N=atol(optarg);break;case'w':W=atol(optarg);break;case'r':rate=atof(optarg);break;case'b':bf=optarg;break;case'H':strcat(hdr,optarg);strcat(hdr,"\r\n");break;case'P':pids=optarg;break;case't':maxs=atof(optarg);break;case'u':path=optarg;break;case'l':label=optarg;break;case'a':tok=optarg;break;}
  static char body[1<<19];int bl=0; FILE*f=fopen(bf,"r"); bl=fread(body,1,sizeof body,f); fclose(f); while(bl&&body[bl-1]=='\n')bl--;
  rl=snprintf(req,sizeof req,"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nUser-Agent: lg/1\r\nAccept: */*\r\n%sContent-Length: %d\r\n\r\n",path,port,tok,hdr,bl); memcpy(req+rl,body,bl); rl+=bl;
  ep=epoll_create1(0); ks=calloc(C,sizeof(K)); lat=calloc(N+C+1,4);fb=calloc(N+C+1,4); for(int i=0;i<C;i++) conn1(&ks[i]);
  int tfd=timerfd_create(CLOCK_MONOTONIC,TFD_NONBLOCK); struct epoll_event te={.events=EPOLLIN,.data.ptr=NULL}; epoll_ctl(ep,EPOLL_CTL_ADD,tfd,&te); long total=N+W; double T0=now(); struct epoll_event ev[512]; static char buf[1<<18]; double nextAt=T0; long maxq=0;
  if(rate<=0) for(int i=0;i<C&&sent<total;i++) fire(&ks[i],now());
  while(done<total){ double t=now(); if(t-T0>maxs) break; int to=100; if(rate>0){ while(sent<total&&nextAt<=t){ K*k=0; for(int i=0;i<C;i++) if(!ks[i].busy){k=&ks[i];break;} if(!k){maxq++;break;} fire(k,nextAt); nextAt+=1.0/rate; } to=100; if(sent<total){ struct itimerspec it={{0,0},{0,0}}; it.it_value.tv_sec=(long)nextAt; it.it_value.tv_nsec=(long)((nextAt-(long)nextAt)*1e9); if(nextAt<=t){it.it_value.tv_sec=(long)(t+0.0002); it.it_value.tv_nsec=(long)(((t+0.0002)-(long)(t+0.0002))*1e9);} timerfd_settime(tfd,TFD_TIMER_ABSTIME,&it,0);} }
    int n=epoll_wait(ep,ev,512,to); t=now(); for(int i=0;i<n;i++){ K*k=ev[i].data.ptr; if(!k){unsigned long long z; if(read(tfd,&z,8)<0){} continue;} int r=recv(k->fd,buf,sizeof buf,MSG_DONTWAIT); if(r<0){ if(errno==EAGAIN) continue; } if(r<=0){ if(k->busy){err++;k->busy=0;} epoll_ctl(ep,EPOLL_CTL_DEL,k->fd,0); close(k->fd); conn1(k); if(rate<=0&&sent<total+err) fire(k,now()); if(err>1000){fprintf(stderr,"too many errors\n");goto end;} continue; } if(feed(k,buf,r,t)){ fin(k,t); if(rate<=0&&sent<total+err) fire(k,now()); } } }
 end:; double t1=now(); long m=done-W; if(m<1){printf("%-18s FAILED done=%ld err=%ld\n",label,done,err);return 1;} if(m>N)m=N; double el=t1-tstart; qsort(lat,m,4,cmpf);qsort(fb,m,4,cmpf);
  printf("%-18s n=%ld rps=%.0f p50=%.0f p90=%.0f p99=%.0f us | ttfb p50=%.0f p99=%.0f us | err=%ld non200=%ld B/req=%ld",label,m,m/el,lat[m/2],lat[m*9/10],lat[m*99/100],fb[m/2],fb[m*99/100],err,bad,bytes/(done?done:1)); if(rate>0)printf(" stall=%ld",maxq);
  if(pids){char*d=strdup(pids);int j=0;double s=0,r=0;printf(" | cpu_us/req");for(char*p=strtok(d,",");p;p=strtok(0,",")){int q=atoi(p);double x=(pcpu(q)-cpu0[j++])/m*1e6;printf(" %d:%.1f",q,x);s+=x;r+=rss(q);}printf(" sum=%.1f rss=%.0fMB",s,r);} struct rusage ru;getrusage(RUSAGE_SELF,&ru);printf(" lg_us=%.1f\n",((ru.ru_utime.tv_sec+ru.ru_stime.tv_sec)*1e6+ru.ru_utime.tv_usec+ru.ru_stime.tv_usec)/done); return 0; }
